import { PassThrough } from 'node:stream';
import { CancelledError, UsageError } from '../usage-error.ts';
import { confirm } from './confirm.ts';

function createTerminal(answer: string | undefined, isTTY = true) {
  const input = Object.assign(new PassThrough(), { isTTY });
  const output = Object.assign(new PassThrough(), { isTTY });
  input.end(answer);
  return { input, output };
}

describe('confirm', () => {
  it('describes the effect and continues after yes', async () => {
    const terminal = createTerminal('yes\n');
    await confirm('This deletes x', terminal);
    expect(String(terminal.output.read())).toBe('This deletes x.\nType "yes" to continue: ');
  });

  it.each([['no\n'], ['y\n'], ['\n'], [undefined]])('rejects the answer %j', async (answer) => {
    await expect(confirm('This deletes x', createTerminal(answer))).rejects.toThrow(CancelledError);
  });

  it('requires --yes without a terminal', async () => {
    const terminal = createTerminal('yes\n', false);
    await expect(confirm('This deletes x', terminal)).rejects.toThrow(UsageError);
    await expect(confirm('This deletes x', terminal)).rejects.toThrow('add --yes');
  });
});
