import { createHash } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createTarSource } from '@aion/bundle';
import { DamagedArchiveError, downloadArchive, type DownloadLinks } from '@aion/client';
import { fillPath, routes } from '@aion/contracts';
import { errorMessage } from '@aion/errors';
import type { ApiClient } from '../api/api-client.ts';
import type { Progress } from '../output/progress.ts';

/** Options of `downloadExport`. */
export interface DownloadExportOptions {
  readonly client: ApiClient;
  readonly exportId: string;
  /** Path of the archive; the file exists once every file in it has been checked. */
  readonly path: string;
  readonly progress: Progress;
}

/**
 * Downloads the bundle of an export as a tar archive and checks every file in it. Continues an earlier download of the
 * same export to the same path.
 * @throws DamagedArchiveError when a file differs from the one that the API lists; ApiError, UnreachableError
 */
export async function downloadExport(options: DownloadExportOptions): Promise<DownloadLinks> {
  const { client, exportId, path, progress } = options;
  const partialPath = `${path}.${exportId}.part`;
  try {
    const links = await downloadArchive({
      createLinks: () => createLinks(client, exportId),
      open: (url, headers) => client.open({ method: 'GET', path: url, headers }),
      partialPath,
      onStart: (bytes, totalBytes) => progress.start('Downloading', totalBytes, bytes),
      onProgress: (bytes) => progress.update(bytes),
      onRetry: (error) => {
        progress.stop();
        progress.note(`Download interrupted (${errorMessage(error)}), continuing.`);
      },
    });
    await checkFiles(partialPath, links);
    await rename(partialPath, path);
    return links;
  } finally {
    progress.stop();
  }
}

async function createLinks(client: ApiClient, exportId: string): Promise<DownloadLinks> {
  const { createDownloadLinks } = routes.exports;
  const { method, name, response } = createDownloadLinks;
  if (response.json === undefined) throw new Error(`${name} has no JSON answer.`);
  const created = await client.request({ method, path: fillPath(createDownloadLinks, { export_id: exportId }) });
  return response.json.parse(created.body);
}

/** Compares every file of the archive with the SHA-256 that the API lists, and removes the archive if one differs. */
async function checkFiles(partialPath: string, { files }: DownloadLinks): Promise<void> {
  const source = createTarSource(partialPath);
  const unlisted = new Set(await source.list().catch(() => []));
  for (const { path, sha256 } of files) {
    const hash = createHash('sha256');
    if (unlisted.delete(path)) await pipeline(await source.read(path), hash);
    if (hash.digest('hex') !== sha256)
      await rejectArchive(partialPath, `its file ${path} differs from the exported one`);
  }
  const [extra] = unlisted;
  if (extra !== undefined)
    await rejectArchive(partialPath, `it contains a file that is not part of the export: ${extra}`);
}

async function rejectArchive(partialPath: string, reason: string): Promise<never> {
  await rm(partialPath, { force: true });
  throw new DamagedArchiveError(reason);
}
