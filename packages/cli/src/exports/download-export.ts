import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTarSource } from '@aion/bundle';
import { routes, type AnswerOf } from '@aion/contracts';
import type { ApiClient } from '../api/api-client.ts';
import { UnreachableError } from '../api/api-error.ts';
import { readBody } from '../api/read-body.ts';
import type { Progress } from '../output/progress.ts';
import { CheckFailedError } from '../usage-error.ts';
import { pathOf } from './follow-export.ts';

type Links = AnswerOf<typeof routes.exports.createDownloadLinks>;

const MAX_ATTEMPTS = 10;
const RETRY_MS = 250;

/** What is downloaded, and to where. */
export interface DownloadExportOptions {
  readonly client: ApiClient;
  readonly exportId: string;
  /** The archive's path; it is there when every file in it has been checked. */
  readonly path: string;
  readonly progress: Progress;
}

/**
 * Downloads the bundle of an export as a tar archive. What an earlier download of the same export left is continued:
 * a sealed bundle never changes.
 * @throws CheckFailedError when a file is not what the API lists; ApiError, UnreachableError
 */
export async function downloadExport(options: DownloadExportOptions): Promise<Links> {
  const { exportId, path, progress } = options;
  const partial = `${path}.${exportId}.part`;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const links = await fetchRest(options, partial);
      await checkFiles(partial, links);
      await rename(partial, path);
      return links;
    } catch (error) {
      if (!(error instanceof UnreachableError) || attempt === MAX_ATTEMPTS) throw error;
      progress.note(`The download broke off (${error.message}); continuing it.`);
      await sleep(RETRY_MS);
    } finally {
      progress.stop();
    }
  }
}

/** Appends what is missing. Each attempt mints its own link: links work for five minutes only. */
async function fetchRest({ client, exportId, progress }: DownloadExportOptions, partial: string): Promise<Links> {
  const { method, path, response } = routes.exports.createDownloadLinks;
  const minted = await client.ask({ method, path: pathOf(path, exportId) });
  const links = parseLinks(response.json, minted.body);
  const total = links.archive.bytes;
  let done = await sizeOf(partial);
  if (done < total) {
    const headers = { 'accept-encoding': 'identity', ...(done === 0 ? {} : { range: `bytes=${done}-` }) };
    const answer = await client.open({ method: 'GET', path: links.archive.url, headers });
    // A proxy that knows no ranges sends the whole.
    if (answer.status !== 206) done = 0;
    progress.start('Downloading', total, done);
    const file = createWriteStream(partial, { flags: done === 0 ? 'w' : 'a', mode: 0o600 });
    const meter = new Transform({
      transform(chunk: Buffer, _encoding, next) {
        done += chunk.length;
        progress.update(done);
        next(null, chunk);
      },
    });
    await pipeline(readBody(answer), meter, file);
  }
  if (done === total) return links;
  if (done < total) throw new UnreachableError(`The archive ended after ${done} of ${total} bytes.`);
  await rm(partial, { force: true });
  throw new CheckFailedError(`The archive has ${done} bytes and not ${total}: it was removed; download it again.`);
}

/** Every file of the archive, against the SHA-256 that the API lists. */
async function checkFiles(partial: string, { files }: Links): Promise<void> {
  const source = createTarSource(partial);
  const found = new Set(await source.list().catch(() => []));
  for (const { path, sha256 } of files) {
    const hash = createHash('sha256');
    if (found.delete(path)) await pipeline(await source.read(path), hash);
    if (hash.digest('hex') !== sha256) await refuseArchive(partial, `its file ${path} is not what was sealed`);
  }
  const [extra] = found;
  if (extra !== undefined) await refuseArchive(partial, `it has a file that was not sealed: ${extra}`);
}

async function refuseArchive(partial: string, reason: string): Promise<never> {
  await rm(partial, { force: true });
  throw new CheckFailedError(`The archive is damaged: ${reason}. It was removed; download it again.`);
}

function parseLinks(schema: typeof routes.exports.createDownloadLinks.response.json, body: unknown): Links {
  if (schema === undefined) throw new Error(`${routes.exports.createDownloadLinks.name} answers with links.`);
  return schema.parse(body);
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
