import { cleanText, formatBytes, formatMs, shorten } from './terminal.ts';

describe('terminal text', () => {
  it('contains no escape sequences or control characters', () => {
    expect(cleanText('a\u001b[31mred\u001b[0m\u0007 b\u009b2J\nc')).toBe('ared  b\nc');
    expect(cleanText('\u001b]0;title\u0007x')).toBe('x');
  });

  it('is shortened to one line', () => {
    expect(shorten('one\n two   three', 40)).toBe('one two three');
    expect(shorten('abcdefghij', 8)).toBe('abcde...');
  });

  it('formats durations and sizes with units', () => {
    expect([formatMs(12.4), formatMs(1_260)]).toEqual(['12 ms', '1.3 s']);
    expect([formatBytes(512), formatBytes(34_816), formatBytes(4_500_000)]).toEqual(['512 B', '34.8 kB', '4.5 MB']);
  });
});
