import { join } from 'node:path';
import { startProcess, waitFor } from '@aion/testkit';

const SCRIPT = join(import.meta.dirname, 'support', 'print-when-orphaned.ts');
/** Like pnpm starts a script: a program, a shell, a wrapper shell, Node. */
const STARTER = `
  require('node:child_process').spawn('sh', ['-c', 'sh -c "$0 $1; exit $?"; exit $?', process.execPath, process.argv[1]],
    { stdio: 'inherit' });
`;

describe('watchParents of a process that was started through shells', () => {
  it.each(['SIGKILL', 'SIGTERM'] as const)('reports that the starter was ended by %s', async (signal) => {
    const starter = await startProcess({
      args: ['-e', STARTER, SCRIPT],
      ready: (output) => output.includes('pid '),
    });
    starter.kill(signal);
    // The shells and the pipe outlive the starter: the end of the pipe means that all processes have exited.
    await waitFor(() => starter.output().includes('gone'), { describe: 'the notice' });
    await starter.exited;
  });

  it('reports nothing while the starter is running', async () => {
    const starter = await startProcess({ args: ['-e', STARTER, SCRIPT], ready: (output) => output.includes('pid ') });
    const pid = Number(/pid (\d+)/.exec(starter.output())?.[1]);
    try {
      // Time for several checks of unchanged ancestors.
      const startedAt = performance.now();
      await waitFor(() => performance.now() - startedAt > 700, { describe: 'three checks' });
      expect(starter.output()).not.toContain('gone');
    } finally {
      process.kill(pid, 'SIGKILL');
      await starter.exited;
    }
  });
});
