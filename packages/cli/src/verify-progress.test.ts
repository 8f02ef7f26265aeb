import { PassThrough } from 'node:stream';
import { createVerifyProgress } from './verify-progress.ts';

/** Creates a fake terminal with the methods that a progress bar uses. */
function createTerminal(isTTY: boolean): NodeJS.WriteStream & PassThrough {
  const stream = Object.assign(new PassThrough(), { isTTY, cursorTo: () => true, clearLine: () => true });
  return stream as unknown as NodeJS.WriteStream & PassThrough; // It has all methods that are called.
}

describe('createVerifyProgress', () => {
  it('draws a bar of the bytes to read', () => {
    const terminal = createTerminal(true);
    const progress = createVerifyProgress(terminal, true);
    progress.update({ step: 'events', bytes: 500, totalBytes: 1_000 });
    progress.stop();
    expect(String(terminal.read())).toMatch(/events .* 50 %/);
  });

  it('shows the bytes read when the total is unknown, and clears the line at the end', () => {
    const terminal = createTerminal(true);
    const progress = createVerifyProgress(terminal, true);
    progress.update({ step: 'events', bytes: 2_500_000, totalBytes: undefined });
    progress.stop();
    expect(String(terminal.read())).toBe('\r\u001b[Kevents 2.5 MB\r\u001b[K');
  });

  it.each([
    ['there is no terminal', false, true],
    ['it is disabled', true, false],
  ])('shows nothing when %s', (_name, isTTY, isWanted) => {
    const terminal = createTerminal(isTTY);
    const progress = createVerifyProgress(terminal, isWanted);
    progress.update({ step: 'events', bytes: 500, totalBytes: 1_000 });
    progress.stop();
    expect(terminal.read()).toBeNull();
  });
});
