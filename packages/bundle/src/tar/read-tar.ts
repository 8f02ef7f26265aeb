import { Readable } from 'node:stream';
import type { TarLayout, TarSegment } from './tar-layout.ts';

/** Opens the bytes `start` to `end` (both inclusive) of one file of the bundle. */
export type OpenRange = (path: string, start: number, end: number) => Promise<Readable>;

/**
 * Reads the bytes `start` to `end` (both inclusive, as in HTTP ranges) of an archive with a known layout. Files are opened
 * one after the other, when the reader reaches them.
 * @throws {RangeError} when the range is not inside the archive.
 */
export function readTar(layout: TarLayout, open: OpenRange, start = 0, end = layout.totalBytes - 1): Readable {
  if (!(start >= 0 && start <= end && end < layout.totalBytes)) {
    throw new RangeError(`The range ${start}-${end} is not inside the archive of ${layout.totalBytes} bytes.`);
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
    // A byte stream yields buffers, which the type of Readable does not express.
    const bytes = chunk as Buffer;
    missing -= bytes.length;
    yield bytes;
  }
  if (missing !== 0) {
    throw new Error(
      `${content.path} is ${missing} bytes shorter than in the layout of the archive: the file was changed.`,
    );
  }
}

async function* readRange(layout: TarLayout, open: OpenRange, start: number, end: number): AsyncGenerator<Buffer> {
  for (const segment of layout.segments) {
    const from = Math.max(start - segment.start, 0);
    const to = Math.min(end - segment.start, segment.bytes - 1);
    if (from <= to) yield* readSegment(segment, from, to, open);
  }
}
