import { createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { AnswerOf, routes } from '@aion/contracts';
import { ConstantBackoff, handleWhen, retry } from 'cockatiel';
import { DamagedArchiveError } from './damaged-archive-error.ts';
import { readBody } from './read-body.ts';
import { UnreachableError } from './unreachable-error.ts';

/** Links to the files of an export and to the archive of all of them. */
export type DownloadLinks = AnswerOf<typeof routes.exports.createDownloadLinks>;

/** Options of `downloadArchive`. */
export interface DownloadArchiveOptions {
  /** Creates the links of one attempt: they are valid for five minutes only. */
  readonly createLinks: () => Promise<DownloadLinks>;
  /** Requests the archive, or the range of it that the headers name. */
  readonly open: (url: string, headers: Readonly<Record<string, string>>) => Promise<Response>;
  /** File that receives the bytes. Bytes of an earlier download of the same export in it are continued. */
  readonly partialPath: string;
  readonly onStart?: (bytes: number, totalBytes: number) => void;
  readonly onProgress: (bytes: number, totalBytes: number) => void;
  /** Called before each further attempt. */
  readonly onRetry?: (error: unknown) => void;
  /** Returns true for an error that a further attempt may not meet. Default: for every UnreachableError. */
  readonly isTransient?: (error: unknown) => boolean;
  readonly signal?: AbortSignal;
}

const MAX_RETRIES = 9;
const RETRY_DELAY_MS = 250;

/**
 * Downloads the bundle of an export as a tar archive. A broken transfer continues where it ended: a finalized bundle
 * never changes. Returns the links of the last attempt.
 * @throws DamagedArchiveError when the archive is longer than announced; UnreachableError; the errors of `createLinks`
 * and `open`
 */
export async function downloadArchive(options: DownloadArchiveOptions): Promise<DownloadLinks> {
  const { isTransient = isUnreachable, onRetry, signal } = options;
  const policy = retry(handleWhen(isTransient), {
    maxAttempts: MAX_RETRIES,
    backoff: new ConstantBackoff(RETRY_DELAY_MS),
  });
  policy.onRetry((failure) => onRetry?.('error' in failure ? failure.error : undefined));
  return policy.execute(() => {
    signal?.throwIfAborted();
    return appendRest(options);
  }, signal);
}

/** Appends the missing bytes to the partial file. */
async function appendRest(options: DownloadArchiveOptions): Promise<DownloadLinks> {
  const { createLinks, open, partialPath, onStart, onProgress, signal } = options;
  const links = await createLinks();
  const { url, bytes: totalBytes } = links.archive;
  let bytes = await sizeOf(partialPath);
  if (bytes < totalBytes) {
    // Ranges count the bytes that are sent, so the archive must not be compressed.
    const range = bytes === 0 ? {} : { range: `bytes=${bytes}-` };
    const response = await open(url, { 'accept-encoding': 'identity', ...range });
    // A proxy without support for ranges sends the complete archive.
    if (response.status !== 206) bytes = 0;
    onStart?.(bytes, totalBytes);
    const meter = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        bytes += chunk.length;
        onProgress(bytes, totalBytes);
        done(null, chunk);
      },
    });
    const file = createWriteStream(partialPath, { flags: bytes === 0 ? 'w' : 'a', mode: 0o600 });
    await pipeline(readBody(response), meter, file, { signal });
  }
  if (bytes < totalBytes) throw new UnreachableError(`The archive ended after ${bytes} of ${totalBytes} bytes.`);
  if (bytes > totalBytes) {
    await rm(partialPath, { force: true });
    throw new DamagedArchiveError(`it has ${bytes} bytes instead of ${totalBytes}`);
  }
  return links;
}

function isUnreachable(error: unknown): boolean {
  return error instanceof UnreachableError;
}

async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined);
  return found?.size ?? 0;
}
