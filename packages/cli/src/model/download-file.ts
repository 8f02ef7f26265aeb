import { open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Progress } from '../output/progress.ts';
import { ModelSourceError } from './pull-errors.ts';

/** Options of `downloadFile`. */
export interface DownloadFileOptions {
  readonly url: string;
  /** Where the bytes go; what is there from an interrupted download of the same URL is continued. */
  readonly partPath: string;
  /** A source that sends more is cut off. */
  readonly maxBytes: number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Attempts after the first; each continues where the last one broke off. Default 4. */
  readonly retries?: number;
  /** Pause before the first retry, doubled for each further one. Default 1 s. */
  readonly retryDelayMs?: number;
  /** A connection on which nothing comes for this long is broken off. Default 30 s. */
  readonly idleTimeoutMs?: number;
}

/** What says that the rest of a file belongs to its beginning. */
interface Resume {
  readonly url: string;
  /** A strong ETag (RFC 9110, 8.8.1). */
  readonly etag: string;
}

class PermanentError extends ModelSourceError {}

/**
 * Downloads a file, continuing with `Range` and `If-Range` (RFC 9110, section 14 and 13.1.5), so that a file that has
 * changed at the source is fetched anew. A server without strong ETags is asked for the whole.
 * @throws ModelSourceError when the attempts are used up or the source refuses; the part stays for the next call.
 */
export async function downloadFile(options: DownloadFileOptions): Promise<void> {
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
      progress.note(`The download broke off (${toReason(error)}); continuing it.`);
      await sleep(retryDelayMs * 2 ** attempt, undefined, { signal });
    }
  }
}

async function downloadOnce(options: DownloadFileOptions): Promise<void> {
  const { url, partPath, maxBytes, progress, idleTimeoutMs = 30_000 } = options;
  const { offset, etag } = await readResume(url, partPath);
  const idle = new AbortController();
  const timer = setTimeout(() => idle.abort(new Error(`nothing came for ${idleTimeoutMs} ms`)), idleTimeoutMs);
  try {
    const response = await fetch(url, {
      // Ranges count the bytes that are sent: nothing may be compressed on the way.
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

/** Each chunk is in the file before the next is read, so that a break loses none that came. */
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

/** Gives the offset at which the body begins, or undefined when the part is whole already. */
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
    await forgetDownload(partPath);
    throw new ModelSourceError(`the source cannot continue at byte ${offset}`);
  }
  const message = `the source answered ${response.status} ${response.statusText}`.trimEnd();
  const isPermanent = response.status < 500 && response.status !== 408 && response.status !== 429;
  throw isPermanent ? new PermanentError(message) : new ModelSourceError(message);
}

/** Removes what an interrupted download left. */
export async function forgetDownload(partPath: string): Promise<void> {
  await Promise.all([rm(partPath, { force: true }), rm(toResumePath(partPath), { force: true })]);
}

function toResumePath(partPath: string): string {
  return `${partPath}.json`;
}

async function readResume(url: string, partPath: string): Promise<{ offset: number; etag: string }> {
  try {
    // Written by `writeResume`; anything else fails the comparison below and starts the download anew.
    const resume = JSON.parse(await readFile(toResumePath(partPath), 'utf8')) as Partial<Resume>;
    if (resume.url === url && resume.etag !== undefined) {
      return { offset: (await stat(partPath)).size, etag: resume.etag };
    }
  } catch {
    // No earlier download, or one that cannot be read: both mean to begin at the beginning.
    return { offset: 0, etag: '' };
  }
  return { offset: 0, etag: '' };
}

async function writeResume(url: string, partPath: string, etag: string | null): Promise<void> {
  if (etag === null || etag.startsWith('W/')) {
    await rm(toResumePath(partPath), { force: true });
    return;
  }
  const resume: Resume = { url, etag };
  await writeFile(toResumePath(partPath), JSON.stringify(resume));
}

function toReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
