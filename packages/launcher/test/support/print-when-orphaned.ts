/** Prints its pid, and a notice when the program that started it has exited. */
import { watchParents } from '../../src/platform/watch-parents.ts';

const keepAlive = setInterval(() => undefined, 1_000);
await watchParents(() => {
  process.stdout.write('gone\n');
  clearInterval(keepAlive);
});
process.stdout.write(`pid ${process.pid}\n`);
