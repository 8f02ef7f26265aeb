import { createColors } from 'picocolors';
import { createProgress } from './progress.ts';
import type { Progress } from './progress.ts';
import type { ToolResult } from './tool-result.ts';

const { jest } = import.meta;
const installed: ToolResult = {
  name: 'age',
  state: 'installed',
  version: '1.1.1',
  path: '/usr/bin/age',
  seconds: 1.2,
  failure: null,
};

function start(columns: number | null): { progress: Progress; written: () => string } {
  let text = '';
  const write = (part: string): void => void (text += part);
  const progress = createProgress({ write, columns, colors: createColors(false), nameWidth: 6 });
  return { progress, written: () => text };
}

describe('createProgress', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('prints one line per tool with its state, version, seconds and path', () => {
    const { progress, written } = start(null);
    progress.started('age');
    progress.finished(installed);
    progress.stop();
    expect(written()).toBe('age     installed          1.1.1     1.2 s  /usr/bin/age\n');
  });

  it('prints the reason of a failure and the last lines of the command', () => {
    const { progress, written } = start(null);
    const failure = { code: 'X', message: "'apt' exited with 100", tail: ['E: one', 'E: two'], needed: null };
    progress.finished({ ...installed, state: 'failed', failure });
    progress.stop();
    expect(written()).toBe("age     failed  1.2 s  'apt' exited with 100\n    E: one\n    E: two\n");
  });

  it('prints a status line every ten seconds when the output is not a terminal', () => {
    const { progress, written } = start(null);
    progress.started('age');
    progress.line('age', 'Unpacking age');
    jest.advanceTimersByTime(20_000);
    progress.stop();
    jest.advanceTimersByTime(20_000);
    expect(written()).toBe('age     installing, 10 s  Unpacking age\nage     installing, 20 s  Unpacking age\n');
  });

  it('redraws one status line that fits the width of the terminal', () => {
    const { progress, written } = start(30);
    progress.started('age');
    progress.line('age', 'a line that is longer than the terminal is wide');
    jest.advanceTimersByTime(500);
    progress.stop();
    expect(written()).toBe('\r\u001b[2Kage     installing, 1 s  a li\r\u001b[2K');
  });
});
