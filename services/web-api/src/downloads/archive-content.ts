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
/** One file of a bundle. */
export type ListedFile = BundleListing['files'][number];

/** Creates the tar view of a bundle, which is computed from the sizes of its files and not stored. */
export function createArchiveContent(
  exportId: string,
  listing: BundleListing,
  objects: BundleObjects,
  signal: AbortSignal,
): Content {
  const layout = layoutArchive(exportId, listing);
  const byPath = new Map(listing.files.map((file) => [file.path, file]));
  // The archive is read on events of a socket, outside of the request's context: the files are opened in the context
  // that is active now, which has the request's span.
  const open = context.bind(context.active(), async (path: string, start: number, end: number) => {
    const file = byPath.get(path);
    if (file === undefined)
      throw new InternalError(`The layout of the archive contains a file that is not listed: ${path}.`);
    return Readable.from(await objects.open(file.key, { start, end }, signal), { objectMode: false });
  });
  return {
    contentType: 'application/x-tar',
    fileName: `aion-export-${exportId}.tar`,
    totalBytes: layout.totalBytes,
    etag: computeArchiveEtag(exportId, listing),
    open: ({ start, end }) => Promise.resolve(readTar(layout, open, start, end)),
  };
}

/** Creates the content of one file of a bundle. */
export function createFileContent(file: ListedFile, objects: BundleObjects, signal: AbortSignal): Content {
  return {
    contentType: 'application/octet-stream',
    fileName: file.path.slice(file.path.lastIndexOf('/') + 1).replaceAll(/[^A-Za-z0-9._-]/g, '_'),
    totalBytes: file.bytes,
    etag: file.sha256,
    open: (range) => objects.open(file.key, range, signal),
  };
}

/** Computes the size of the tar view in bytes. */
export function measureArchive(exportId: string, listing: BundleListing): number {
  return layoutArchive(exportId, listing).totalBytes;
}

function layoutArchive(exportId: string, listing: BundleListing) {
  return layoutTar({ exportId, files: listing.files, mtime: new Date(listing.finished_at) });
}

/** Computes a strong ETag from everything that determines the bytes of the archive, which itself is never hashed. */
function computeArchiveEtag(exportId: string, { finished_at: finishedAt, files }: BundleListing): string {
  const parts = files.map(({ path, bytes, sha256 }) => [path, bytes, sha256]);
  return createHash('sha256')
    .update(JSON.stringify(['aion-tar-v1', exportId, finishedAt, parts]))
    .digest('hex');
}
