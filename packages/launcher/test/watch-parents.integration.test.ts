import { join } from 'node:path';
import { startProcess, waitFor } from '@aion/testkit';

const SCRIPT = join(import.meta.dirname, 'support', 'print-when-orphaned.ts');
/** As pnpm starts a script: a program, a shell, a shell that is a wrapper, Node. */
const STARTER = `
  require('node:child_process').spawn('sh', ['-c', 'sh -c "$0 $1; exit $?"; exit $?', process.execPath, process.argv[1]],
    { stdio: 'inherit' });
`;

describe('a process that was started through shells', () => {
  it.each(['SIGKILL', 'SIGTERM'] as const)('learns that its starter was ended by %s', async (signal) => {
    const starter = await startProcess({
      args: ['-e', STARTER, SCRIPT],
      ready: (output) => output.includes('pid '),
    });
    starter.kill(signal);
    // The shells live on, and the pipe with them: its end means that all have gone.
    await waitFor(() => starter.output().includes('gone'), { describe: 'the notice' });
    await starter.exited;
  });

  it('goes on while its starter lives', async () => {
    const starter = await startProcess({ args: ['-e', STARTER, SCRIPT], ready: (output) => output.includes('pid ') });
    const pid = Number(/pid (\d+)/.exec(starter.output())?.[1]);
    try {
      // Several looks at an unchanged ancestry.
      const startedAt = performance.now();
      await waitFor(() => performance.now() - startedAt > 700, { describe: 'three looks' });
      expect(starter.output()).not.toContain('gone');
    } finally {
      process.kill(pid, 'SIGKILL');
      await starter.exited;
    }
  });
});
