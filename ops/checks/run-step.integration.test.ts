import { runStep } from './run-step.ts';

describe('runStep', () => {
  const ignore = (): void => undefined;

  it.each([
    ['exits with 0', 'process.exit(0)', true],
    ['exits with another code', 'process.exit(3)', false],
    ['is killed', 'process.kill(process.pid, "SIGKILL")', false],
  ])('reports a command that %s', async (_, program, ok) => {
    const step = await runStep('Step', [process.execPath, '-e', program], { inBackground: true, print: ignore });
    expect(step).toMatchObject({ title: 'Step', ok });
  });

  it('prints the output of a background step in one piece, after its heading', async () => {
    const program = 'console.log("first"); console.log("second")';
    const printed: string[] = [];
    const print = (text: string): void => void printed.push(text);
    await runStep('Step', [process.execPath, '-e', program], { inBackground: true, print });
    expect(printed).toEqual([expect.stringMatching(/^\n--- Step: .*\nfirst\nsecond\n$/s)]);
  });
});
