import { PassThrough } from 'node:stream';
import { createProgress } from './progress.ts';

describe('createProgress', () => {
  it('writes one plain line for each tenth without a terminal', () => {
    const stream = new PassThrough();
    const progress = createProgress(stream);
    progress.note('Fetching');
    progress.start('Downloading', 2_000_000, 500_000);
    for (let done = 500_000; done <= 2_000_000; done += 50_000) progress.update(done);
    progress.stop();
    const lines = String(stream.read()).trimEnd().split('\n');
    expect(lines).toHaveLength(10);
    expect(lines.slice(0, 3)).toEqual([
      'Fetching',
      'Downloading 25% (0.5 of 2.0 MB)',
      'Downloading 30% (0.6 of 2.0 MB)',
    ]);
    expect(lines.at(-1)).toBe('Downloading 100% (2.0 of 2.0 MB)');
  });

  it('draws a bar on a terminal', () => {
    const stream = Object.assign(new PassThrough(), { isTTY: true, cursorTo: () => true, clearLine: () => true });
    const progress = createProgress(stream);
    progress.start('Downloading', 1_000_000, 0);
    progress.update(1_000_000);
    progress.stop();
    expect(String(stream.read())).toContain('100% of 1.0 MB');
  });
});
