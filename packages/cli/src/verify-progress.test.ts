import { PassThrough } from 'node:stream';
import { createVerifyProgress } from './verify-progress.ts';

/** A terminal, as much of it as progress needs. */
function createTerminal(isTTY: boolean): NodeJS.WriteStream & PassThrough {
  const stream = Object.assign(new PassThrough(), { isTTY, cursorTo: () => true, clearLine: () => true });
  return stream as unknown as NodeJS.WriteStream & PassThrough; // what is used of a terminal is there
}

describe('the progress of a verification', () => {
  it('is a bar over what is to be read', () => {
    const terminal = createTerminal(true);
    const progress = createVerifyProgress(terminal, true);
    progress.update({ step: 'events', bytes: 500, totalBytes: 1_000 });
    progress.stop();
    expect(String(terminal.read())).toMatch(/events .* 50 %/);
  });

  it('counts what was read where nobody knows how much there is, and leaves an empty line', () => {
    const terminal = createTerminal(true);
    const progress = createVerifyProgress(terminal, true);
    progress.update({ step: 'events', bytes: 2_500_000, totalBytes: undefined });
    progress.stop();
    expect(String(terminal.read())).toBe('\r\u001b[Kevents 2.5 MB\r\u001b[K');
  });

  it.each([
    ['there is no terminal', false, true],
    ['nobody wants it', true, false],
  ])('is nothing where %s', (_name, isTTY, isWanted) => {
    const terminal = createTerminal(isTTY);
    const progress = createVerifyProgress(terminal, isWanted);
    progress.update({ step: 'events', bytes: 500, totalBytes: 1_000 });
    progress.stop();
    expect(terminal.read()).toBeNull();
  });
});
