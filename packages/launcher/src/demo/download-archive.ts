import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { routes } from '@aion/contracts';
import { captureTraceparent, withSpan } from '@aion/tracing';
import { SpanKind } from '@opentelemetry/api';
import { ApiError, callRoute, toApiError } from '../platform/call-route.ts';

const MAX_ATTEMPTS = 10;
const RETRY_MS = 250;

/** What is downloaded, and to where. */
export interface DownloadOptions {
  readonly baseUrl: string;
  readonly key: string;
  readonly exportId: string;
  /** The archive's path; it is there when it is whole. */
  readonly path: string;
  readonly onProgress: (bytes: number, totalBytes: number) => void;
  readonly signal: AbortSignal;
}

/** Downloads a bundle as a tar archive by a signed link; a broken transfer goes on where it ended. @returns its bytes */
export async function downloadArchive(options: DownloadOptions): Promise<number> {
  const partial = `${options.path}.part`;
  await rm(partial, { force: true });
  return withSpan('download archive', { kind: SpanKind.CLIENT }, async () => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const bytes = await fetchRest(options, partial);
        await rename(partial, options.path);
        return bytes;
      } catch (error) {
        options.signal.throwIfAborted();
        if (attempt === MAX_ATTEMPTS || (error instanceof ApiError && error.status < 500)) throw error;
        await sleep(RETRY_MS, undefined, { signal: options.signal });
      }
    }
  });
}

/** Appends what is missing. Each attempt mints its own link: links work for five minutes only. */
async function fetchRest(options: DownloadOptions, partial: string): Promise<number> {
  const { baseUrl, key, exportId, onProgress, signal } = options;
  const { archive } = await callRoute(routes.exports.createDownloadLinks, {
    baseUrl,
    key,
    params: { export_id: exportId },
    signal,
  });
  let bytes = await stat(partial).then(
    ({ size }) => size,
    () => 0,
  );
  if (bytes < archive.bytes) {
    const range = bytes === 0 ? {} : { range: `bytes=${bytes}-` };
    const answer = await fetch(archive.url, { headers: { ...captureTraceparent(), ...range }, signal });
    if (!answer.ok || answer.body === null) throw await toApiError('The download link', answer);
    // A server that knows no ranges sends the whole.
    if (answer.status !== 206) bytes = 0;
    const meter = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        bytes += chunk.length;
        onProgress(bytes, archive.bytes);
        done(null, chunk);
      },
    });
    const file = createWriteStream(partial, { flags: bytes === 0 ? 'w' : 'a', mode: 0o600 });
    await pipeline(Readable.fromWeb(answer.body), meter, file, { signal });
  }
  if (bytes !== archive.bytes) throw new Error(`The archive has ${bytes} bytes, not ${archive.bytes}.`);
  return bytes;
}
