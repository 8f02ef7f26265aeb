import { BundleWriteError } from './bundle-write-error.ts';
import { cutRows, type RowLimits } from './cut-rows.ts';

const limits: RowLimits = { table: 'public.t', maxPartBytes: 10, maxRowBytes: 20 };

async function* chunked(text: string, chunkBytes: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let start = 0; start < bytes.length; start += chunkBytes) {
    yield await Promise.resolve(bytes.subarray(start, start + chunkBytes));
  }
}

async function cut(
  text: string,
  chunkBytes: number,
  own: Partial<RowLimits> = {},
): Promise<{ parts: string[]; rows: number[] }> {
  const parts: string[] = [];
  const rows: number[] = [];
  for await (const slice of cutRows(chunked(text, chunkBytes), { ...limits, ...own })) {
    if (slice.startsPart) {
      parts.push('');
      rows.push(0);
    }
    parts.push((parts.pop() ?? '') + slice.bytes.toString());
    rows.push((rows.pop() ?? 0) + slice.rows);
  }
  return { parts, rows };
}

describe('cutRows', () => {
  const text = 'aaaa\nbbbb\nc\nddddddddddddddd\n\nee\n';

  it.each([1, 2, 3, 4, 5, 6, 7, 11, 13, 1000])(
    'cuts at the same rows when the chunks have %i bytes',
    async (chunkBytes) => {
      expect(await cut(text, chunkBytes)).toEqual({
        parts: ['aaaa\nbbbb\n', 'c\n', 'ddddddddddddddd\n', '\nee\n'],
        rows: [2, 1, 1, 2],
      });
    },
  );

  it('yields no slices when there are no rows', async () => {
    expect(await cut('', 1)).toEqual({ parts: [], rows: [] });
  });

  it.each([1, 4, 1000])('rejects a row beyond the limit in chunks of %i bytes', async (chunkBytes) => {
    const attempt = cut('aaaa\nbbbbbbbbb\n', chunkBytes, { maxRowBytes: 9 });
    await expect(attempt).rejects.toThrow(BundleWriteError);
    await expect(attempt).rejects.toMatchObject({
      code: 'ROW_TOO_LARGE',
      message: expect.stringContaining('public.t'),
    });
  });

  it('rejects an endless row as soon as it exceeds the limit', async () => {
    let read = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      while (read < 1000) {
        read += 1;
        yield await Promise.resolve(Buffer.from('x'));
      }
    }
    await expect(cutRows(endless(), limits).next()).rejects.toMatchObject({ code: 'ROW_TOO_LARGE' });
    expect(read).toBe(limits.maxRowBytes + 1);
  });

  it('rejects a last row without a line feed', async () => {
    await expect(cut('aaaa\nbb', 3)).rejects.toMatchObject({ code: 'ROW_INCOMPLETE' });
  });
});
