import { rename, rm } from 'node:fs/promises';
import { routes } from '@aion/contracts';
import { captureTraceparent, withSpan } from '@aion/tracing';
import { SpanKind } from '@opentelemetry/api';
import { readApiError } from '../api-error.ts';
import { downloadArchive } from '../download-archive.ts';
import { callRoute } from './call-route.ts';
import { isTransientError } from './is-transient-error.ts';

/** Options of `downloadTracedArchive`. */
export interface TracedDownloadOptions {
  readonly baseUrl: string;
  readonly key: string;
  readonly exportId: string;
  /** Path of the archive; the file exists once it is complete. */
  readonly path: string;
  readonly onProgress: (bytes: number, totalBytes: number) => void;
  readonly signal: AbortSignal;
}

/** Downloads the bundle of an export as `downloadArchive` does, in one span. Returns the size in bytes. */
export async function downloadTracedArchive(options: TracedDownloadOptions): Promise<number> {
  const { baseUrl, key, exportId, path, onProgress, signal } = options;
  const partialPath = `${path}.part`;
  await rm(partialPath, { force: true });
  return withSpan('download archive', { kind: SpanKind.CLIENT }, async () => {
    const { archive } = await downloadArchive({
      createLinks: () =>
        callRoute(routes.exports.createDownloadLinks, { baseUrl, key, params: { export_id: exportId }, signal }),
      open: async (url, headers) => {
        const response = await fetch(url, { headers: { ...captureTraceparent(), ...headers }, signal });
        if (!response.ok) throw await readApiError(response);
        return response;
      },
      partialPath,
      onProgress,
      isTransient: isTransientError,
      signal,
    });
    await rename(partialPath, path);
    return archive.bytes;
  });
}
