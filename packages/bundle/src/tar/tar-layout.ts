import { BLOCK_BYTES, encodeTarHeader, paddingOf } from './tar-header.ts';

/** A segment of an archive: literal bytes, or the content of one file of the bundle. */
export interface TarSegment {
  /** Offset in the archive. */
  readonly start: number;
  readonly bytes: number;
  readonly content: Buffer | { readonly path: string };
}

/** The segments of an archive, which locate each of its bytes. */
export interface TarLayout {
  readonly totalBytes: number;
  /** Ordered, without gaps. */
  readonly segments: readonly TarSegment[];
}

/** Options of {@link layoutTar}. */
export interface TarLayoutOptions {
  /** Name of the single folder of the archive. */
  readonly exportId: string;
  /** Paths relative to that folder, with their sizes. */
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  /** Modification time of every member. The same options always yield the same bytes. */
  readonly mtime: Date;
}

/**
 * Computes the layout of a tar archive (ustar, with pax headers where a path or size needs one) of files that are not
 * copied. Its size is known before a byte is read, so that downloads can be resumed by byte ranges.
 */
export function layoutTar({ exportId, files, mtime }: TarLayoutOptions): TarLayout {
  const segments: TarSegment[] = [];
  let start = 0;
  function addSegment(bytes: number, content: TarSegment['content']): void {
    if (bytes > 0) segments.push({ start, bytes, content });
    start += bytes;
  }
  for (const { path, bytes } of files) {
    const header = encodeTarHeader(`${exportId}/${path}`, bytes, mtime);
    addSegment(header.length, header);
    addSegment(bytes, { path });
    addSegment(paddingOf(bytes), Buffer.alloc(paddingOf(bytes)));
  }
  // An archive ends with two zero blocks.
  addSegment(2 * BLOCK_BYTES, Buffer.alloc(2 * BLOCK_BYTES));
  return { totalBytes: start, segments };
}
