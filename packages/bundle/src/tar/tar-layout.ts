import { BLOCK_BYTES, encodeTarHeader, paddingOf } from './tar-header.ts';

/** A run of bytes of an archive: given here, or the content of one file of the bundle. */
export interface TarSegment {
  /** Offset in the archive. */
  readonly start: number;
  readonly bytes: number;
  readonly content: Buffer | { readonly path: string };
}

/** Where each byte of an archive comes from. */
export interface TarLayout {
  readonly totalBytes: number;
  /** In order, without gaps. */
  readonly segments: readonly TarSegment[];
}

/** What an archive is made of. */
export interface TarLayoutOptions {
  /** Name of the one folder that everything is in. */
  readonly exportId: string;
  /** Paths relative to that folder, with their sizes. */
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  /** Modification time of every member. The same options always give the same bytes. */
  readonly mtime: Date;
}

/**
 * Plans a tar archive (ustar, with pax headers where a path or size needs one) of files that stay where they
 * are. Its size is known before a byte is read, so downloads can be resumed by ranges.
 */
export function layoutTar({ exportId, files, mtime }: TarLayoutOptions): TarLayout {
  const segments: TarSegment[] = [];
  let start = 0;
  function add(bytes: number, content: TarSegment['content']): void {
    if (bytes > 0) segments.push({ start, bytes, content });
    start += bytes;
  }
  for (const { path, bytes } of files) {
    const header = encodeTarHeader(`${exportId}/${path}`, bytes, mtime);
    add(header.length, header);
    add(bytes, { path });
    add(paddingOf(bytes), Buffer.alloc(paddingOf(bytes)));
  }
  // Two zero blocks end an archive.
  add(2 * BLOCK_BYTES, Buffer.alloc(2 * BLOCK_BYTES));
  return { totalBytes: start, segments };
}
