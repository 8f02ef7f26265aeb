/** Prints its pid, and says when the program that started it has gone. */
import { watchParents } from '../../src/platform/watch-parents.ts';

const life = setInterval(() => undefined, 1_000);
await watchParents(() => {
  process.stdout.write('gone\n');
  clearInterval(life);
});
process.stdout.write(`pid ${process.pid}\n`);
