import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { storedFile, type StoredFile, routes } from '@aion/contracts';
import type { ApiClient } from '../api/api-client.ts';
import type { Progress } from '../output/progress.ts';
import { UsageError } from '../usage-error.ts';

/** Options of `uploadFile`. */
export interface UploadFileOptions {
  readonly client: ApiClient;
  readonly path: string;
  readonly query: { readonly name: string; readonly project_id?: string };
  readonly contentType: string;
  /** Undefined: a new key. */
  readonly idempotencyKey: string | undefined;
  readonly progress: Progress;
}

/**
 * Uploads a file as a stream. Its hash is sent with it (`Content-Digest`, RFC 9530), so that altered bytes are rejected.
 * @throws UsageError when the file cannot be read; ApiError, UnreachableError
 */
export async function uploadFile({
  client,
  path,
  query,
  progress,
  ...options
}: UploadFileOptions): Promise<StoredFile> {
  const bytes = await sizeOf(path);
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  const digest = hash.digest('base64');
  try {
    const answer = await client.request({
      method: routes.files.upload.method,
      path: routes.files.upload.path,
      query,
      headers: {
        'content-type': options.contentType,
        'content-digest': `sha-256=:${digest}:`,
        ...(options.idempotencyKey === undefined ? {} : { 'idempotency-key': options.idempotencyKey }),
      },
      body: () => {
        progress.start('Uploading', bytes, 0);
        return Readable.from(reportProgress(createReadStream(path), progress));
      },
    });
    return storedFile.parse(answer.body);
  } finally {
    progress.stop();
  }
}

async function* reportProgress(file: AsyncIterable<Uint8Array>, progress: Progress): AsyncGenerator<Uint8Array> {
  let done = 0;
  for await (const chunk of file) {
    yield chunk;
    done += chunk.length;
    progress.update(done);
  }
}

async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch((error: unknown) => {
    throw new UsageError(`${path} cannot be read`, { cause: error });
  });
  if (found.isFile()) return found.size;
  throw new UsageError(`${path} is not a file`);
}
