import { runCommand } from './run-command.ts';
import { createSandbox } from './testing/sandbox.ts';
import type { Sandbox } from './testing/sandbox.ts';

describe('runCommand', () => {
  let sandbox: Sandbox;
  let lines: string[];
  beforeEach(async () => {
    sandbox = await createSandbox();
    lines = [];
  });
  afterEach(() => sandbox.remove());

  const run = (body: string, options: { signal?: AbortSignal; timeoutMs?: number } = {}): Promise<string> =>
    runCommand('sh', ['-c', body], { ...options, env: sandbox.env, onLine: (line) => void lines.push(line) });

  it('returns both outputs and passes on each line that is not empty', async () => {
    const output = await run('echo "  one"; echo; echo two >&2');
    expect(output.split('\n').toSorted()).toEqual(['', '  one', 'two']);
    expect(lines.toSorted()).toEqual(['one', 'two']);
  });

  it('stores the last 500 lines of a long output', async () => {
    const output = await run('i=0; while [ $i -lt 2000 ]; do i=$((i+1)); echo $i; done');
    const stored = output.split('\n');
    expect({ count: stored.length, first: stored[0], last: stored.at(-1) }).toEqual({
      count: 500,
      first: '1501',
      last: '2000',
    });
    expect(lines).toHaveLength(2_000);
  });

  it('passes arguments without a shell and only the given environment', async () => {
    const argument = '$HOME; echo "two words" *';
    const environment = { ...sandbox.env, ONLY: 'this' };
    const script = 'echo "$1|$ONLY|$NODE_OPTIONS"';
    expect(await runCommand('sh', ['-c', script, 'sh', argument], { env: environment })).toBe(`${argument}|this|`);
  });

  it('rejects with the exit code and the last 15 lines when the program fails', async () => {
    const failed = run('for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do echo $i; done; exit 3');
    await expect(failed).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: expect.stringMatching(/^'sh -c for [\s\S]*' exited with 3$/),
      tail: Array.from({ length: 15 }, (_, index) => String(index + 2)),
    });
  });

  it('rejects with the reason when the program does not exist', async () => {
    const failed = runCommand('no-such-program', ['--version'], { env: sandbox.env });
    await expect(failed).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: "'no-such-program --version' could not be run: spawn no-such-program ENOENT",
      cause: { code: 'ENOENT' },
    });
  });

  it('kills a program that runs into its timeout, even one that ignores SIGTERM', async () => {
    const failed = run('trap "" TERM; echo started; while :; do :; done', { timeoutMs: 300 });
    await expect(failed).rejects.toMatchObject({
      message: expect.stringMatching(/was ended by SIGKILL$/),
      tail: ['started'],
    });
  });

  it('sends SIGTERM when it is aborted, and rejects only after the program has cleaned up', async () => {
    const stopping = new AbortController();
    const body = `trap 'echo cleaned; touch ${sandbox.root}/cleaned; exit 5' TERM; echo started; while :; do :; done`;
    const running = runCommand('sh', ['-c', body], {
      env: sandbox.env,
      signal: stopping.signal,
      onLine: (line) => {
        lines.push(line);
        if (line === 'started') stopping.abort(new Error('stopped by SIGTERM'));
      },
    });
    await expect(running).rejects.toThrow('stopped by SIGTERM');
    expect(lines).toEqual(['started', 'cleaned']);
  });

  it('starts nothing when it is aborted before', async () => {
    const failed = run('echo started', { signal: AbortSignal.abort(new Error('stopped by SIGINT')) });
    await expect(failed).rejects.toThrow('stopped by SIGINT');
    expect(lines).toEqual([]);
  });
});
