import { open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Progress } from '../output/progress.ts';
import { ModelSourceError } from './model-source-error.ts';

/** Options of `downloadFile`. */
export interface DownloadFileOptions {
  readonly url: string;
  /** File that receives the bytes. An interrupted download of the same URL in it is continued. */
  readonly partPath: string;
  /** The connection is closed when the source sends more. */
  readonly maxBytes: number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Attempts after the first; each continues where the last one ended. Default 4. */
  readonly retries?: number;
  /** Pause before the first retry, doubled for each further one. Default 1 s. */
  readonly retryDelayMs?: number;
  /** A connection that receives nothing for this long is closed. Default 30 s. */
  readonly idleTimeoutMs?: number;
}

/** Identity of a partially downloaded file, which the rest has to match. */
interface ResumeState {
  readonly url: string;
  /** A strong ETag (RFC 9110, 8.8.1). */
  readonly etag: string;
}

class PermanentError extends ModelSourceError {}

/**
 * Downloads a file, continuing with `Range` and `If-Range` (RFC 9110, section 14 and 13.1.5), so that a file that has
 * changed at the source is downloaded again. From a server without strong ETags the complete file is requested.
 * @throws ModelSourceError when all attempts failed or the source rejects the request; the partial file remains for the
 * next call
 */
export async function downloadFile(options: DownloadFileOptions): Promise<void> {
  // Not by cockatiel: its backoff does not end when the signal is aborted, and the pauses are long.
  const { retries = 4, retryDelayMs = 1_000, progress, signal } = options;
  for (let attempt = 0; ; attempt += 1) {
    try {
      await downloadOnce(options);
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof PermanentError || attempt >= retries) {
        throw new ModelSourceError(`${options.url} could not be downloaded: ${toReason(error)}`, { cause: error });
      }
      progress.note(`Download interrupted (${toReason(error)}), continuing.`);
      await sleep(retryDelayMs * 2 ** attempt, undefined, { signal });
    }
  }
}

/** Deletes the files of an interrupted download. */
export async function deletePartialDownload(partPath: string): Promise<void> {
  await Promise.all([rm(partPath, { force: true }), rm(toResumePath(partPath), { force: true })]);
}

async function downloadOnce(options: DownloadFileOptions): Promise<void> {
  const { url, partPath, maxBytes, progress, idleTimeoutMs = 30_000 } = options;
  const { offset, etag } = await readResume(url, partPath);
  const idle = new AbortController();
  const timer = setTimeout(() => idle.abort(new Error(`nothing was received for ${idleTimeoutMs} ms`)), idleTimeoutMs);
  try {
    const response = await fetch(url, {
      // Ranges count the bytes that are sent, so the file must not be compressed.
      headers: {
        'accept-encoding': 'identity',
        ...(offset > 0 ? { range: `bytes=${offset}-`, 'if-range': etag } : {}),
      },
      signal: AbortSignal.any([options.signal, idle.signal]),
    });
    const from = await checkHead(response, options, offset);
    if (from === undefined || response.body === null) return;
    await writeResume(url, partPath, response.headers.get('etag'));
    progress.start('Downloading', from + Number(response.headers.get('content-length') ?? maxBytes - from), from);
    await writeBody(response.body, from, options, () => timer.refresh());
  } finally {
    clearTimeout(timer);
    progress.stop();
  }
}

/** Writes each chunk before it reads the next, so that an interruption loses no received bytes. */
async function writeBody(
  body: AsyncIterable<Uint8Array>,
  from: number,
  { partPath, maxBytes, progress }: DownloadFileOptions,
  onChunk: () => void,
): Promise<void> {
  await using file = await open(partPath, from > 0 ? 'a' : 'w');
  let done = from;
  for await (const chunk of body) {
    onChunk();
    done += chunk.length;
    if (done > maxBytes) throw new PermanentError(`it is longer than the model's ${maxBytes} bytes`);
    await file.appendFile(chunk);
    progress.update(done);
  }
}

/** Returns the offset at which the body starts, or undefined when the partial file is already complete. */
async function checkHead(
  response: Response,
  { partPath, maxBytes }: DownloadFileOptions,
  offset: number,
): Promise<number | undefined> {
  if (response.status === 200) return 0;
  const range = response.headers.get('content-range') ?? '';
  if (response.status === 206 && range.startsWith(`bytes ${offset}-`)) return offset;
  await response.body?.cancel();
  if (response.status === 416 && range === `bytes */${offset}` && offset <= maxBytes) return undefined;
  if (response.status === 416 || response.status === 206) {
    await deletePartialDownload(partPath);
    throw new ModelSourceError(`the source cannot continue at byte ${offset}`);
  }
  const message = `the source answered ${response.status} ${response.statusText}`.trimEnd();
  const isPermanent = response.status < 500 && response.status !== 408 && response.status !== 429;
  throw isPermanent ? new PermanentError(message) : new ModelSourceError(message);
}

function toResumePath(partPath: string): string {
  return `${partPath}.json`;
}

async function readResume(url: string, partPath: string): Promise<{ offset: number; etag: string }> {
  try {
    // Written by `writeResume`; any other content fails the comparison below and restarts the download.
    const resume = JSON.parse(await readFile(toResumePath(partPath), 'utf8')) as Partial<ResumeState>;
    if (resume.url === url && resume.etag !== undefined) {
      return { offset: (await stat(partPath)).size, etag: resume.etag };
    }
  } catch {
    // No earlier download, or an unreadable one: start from the beginning.
    return { offset: 0, etag: '' };
  }
  return { offset: 0, etag: '' };
}

async function writeResume(url: string, partPath: string, etag: string | null): Promise<void> {
  if (etag === null || etag.startsWith('W/')) {
    await rm(toResumePath(partPath), { force: true });
    return;
  }
  const resume: ResumeState = { url, etag };
  await writeFile(toResumePath(partPath), JSON.stringify(resume));
}

function toReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
