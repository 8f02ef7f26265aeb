import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { layoutTar, readTar } from '@aion/bundle';
import type { internalRoutes, AnswerOf } from '@aion/contracts';
import { InternalError } from '@aion/errors';
import { context } from '@opentelemetry/api';
import type { BundleObjects } from './bundle-objects.ts';
import type { Content } from './send-content.ts';

/** The files of a ready bundle. */
export type BundleListing = AnswerOf<typeof internalRoutes.exports.readBundleFiles>;
/** One of them. */
export type ListedFile = BundleListing['files'][number];

/** The tar view of a bundle: computed from the sizes of its files, stored nowhere. */
export function archiveContent(
  exportId: string,
  listing: BundleListing,
  objects: BundleObjects,
  signal: AbortSignal,
): Content {
  const layout = layoutArchive(exportId, listing);
  const byPath = new Map(listing.files.map((file) => [file.path, file]));
  // The archive is read as its reader asks for it, from the events of a socket: the files are opened in the context
  // that is active now, which has the request's span.
  const open = context.bind(context.active(), async (path: string, start: number, end: number) => {
    const file = byPath.get(path);
    if (file === undefined) throw new InternalError(`The archive's layout has a file that is not listed: ${path}.`);
    return Readable.from(await objects.open(file.key, { start, end }, signal), { objectMode: false });
  });
  return {
    contentType: 'application/x-tar',
    fileName: `aion-export-${exportId}.tar`,
    totalBytes: layout.totalBytes,
    etag: etagOfArchive(exportId, listing),
    open: ({ start, end }) => Promise.resolve(readTar(layout, open, start, end)),
  };
}

/** One file of a bundle. */
export function fileContent(file: ListedFile, objects: BundleObjects, signal: AbortSignal): Content {
  return {
    contentType: 'application/octet-stream',
    fileName: file.path.slice(file.path.lastIndexOf('/') + 1).replaceAll(/[^A-Za-z0-9._-]/g, '_'),
    totalBytes: file.bytes,
    etag: file.sha256,
    open: (range) => objects.open(file.key, range, signal),
  };
}

/** The size of the tar view in bytes. */
export function archiveBytes(exportId: string, listing: BundleListing): number {
  return layoutArchive(exportId, listing).totalBytes;
}

function layoutArchive(exportId: string, listing: BundleListing) {
  return layoutTar({ exportId, files: listing.files, mtime: new Date(listing.finished_at) });
}

/** A digest of all that the archive's bytes follow from. Strong, though the archive itself is never hashed. */
function etagOfArchive(exportId: string, { finished_at: finishedAt, files }: BundleListing): string {
  const parts = files.map(({ path, bytes, sha256 }) => [path, bytes, sha256]);
  return createHash('sha256')
    .update(JSON.stringify(['aion-tar-v1', exportId, finishedAt, parts]))
    .digest('hex');
}
