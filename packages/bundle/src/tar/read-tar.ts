import { Readable } from 'node:stream';
import type { TarLayout, TarSegment } from './tar-layout.ts';

/** Opens bytes `start` to `end` (both inclusive) of one file of the bundle. */
export type OpenRange = (path: string, start: number, end: number) => Promise<Readable>;

/**
 * Reads bytes `start` to `end` (both inclusive, as in HTTP ranges) of a planned archive. Files are opened one
 * after the other, only when the reader comes to them.
 * @throws {RangeError} when the range does not lie in the archive.
 */
export function readTar(layout: TarLayout, open: OpenRange, start = 0, end = layout.totalBytes - 1): Readable {
  if (!(start >= 0 && start <= end && end < layout.totalBytes)) {
    throw new RangeError(`The range ${start}-${end} does not lie in the archive's ${layout.totalBytes} bytes.`);
  }
  return Readable.from(readRange(layout, open, start, end), { objectMode: false });
}

async function* readSegment(segment: TarSegment, from: number, to: number, open: OpenRange): AsyncGenerator<Buffer> {
  const { content } = segment;
  if (Buffer.isBuffer(content)) {
    yield content.subarray(from, to + 1);
    return;
  }
  let missing = to - from + 1;
  for await (const chunk of await open(content.path, from, to)) {
    // A byte stream yields buffers; the type of Readable does not say so.
    const bytes = chunk as Buffer;
    missing -= bytes.length;
    yield bytes;
  }
  if (missing !== 0) {
    throw new Error(`${content.path} gave ${missing} bytes less than the archive's layout says: the file was changed.`);
  }
}

async function* readRange(layout: TarLayout, open: OpenRange, start: number, end: number): AsyncGenerator<Buffer> {
  for (const segment of layout.segments) {
    const from = Math.max(start - segment.start, 0);
    const to = Math.min(end - segment.start, segment.bytes - 1);
    if (from <= to) yield* readSegment(segment, from, to, open);
  }
}
