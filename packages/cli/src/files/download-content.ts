import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { readBody } from '@aion/client';
import { fillPath, routes, storedFile, type StoredFile } from '@aion/contracts';
import type { ApiClient } from '../api/api-client.ts';
import type { Progress } from '../output/progress.ts';
import { CheckFailedError } from '../usage-error.ts';

/** Options of `downloadContent`. */
export interface DownloadContentOptions {
  readonly client: ApiClient;
  readonly fileId: string;
  /** Path of the file, which exists once its bytes have been verified. */
  readonly path: string;
  readonly progress: Progress;
}

/**
 * Downloads a file. When it fails, nothing remains.
 * @throws CheckFailedError when its bytes differ from those uploaded; ApiError, UnreachableError
 */
export async function downloadContent({ client, fileId, path, progress }: DownloadContentOptions): Promise<StoredFile> {
  const { get, downloadContent: download } = routes.files;
  const params = { file_id: fileId };
  const known = await client.request({ method: get.method, path: fillPath(get, params) });
  const file = storedFile.parse(known.body);
  const partial = `${path}.${fileId}.part`;
  try {
    const answer = await client.open({
      method: download.method,
      path: fillPath(download, params),
      headers: { 'accept-encoding': 'identity' },
    });
    progress.start('Downloading', file.bytes, 0);
    const hash = createHash('sha256');
    let done = 0;
    const meter = new Transform({
      transform(chunk: Buffer, _encoding, next) {
        hash.update(chunk);
        done += chunk.length;
        progress.update(done);
        next(null, chunk);
      },
    });
    await pipeline(readBody(answer), meter, createWriteStream(partial, { mode: 0o600 }));
    if (hash.digest('hex') !== file.sha256) {
      throw new CheckFailedError(
        `The bytes received differ from those uploaded as file ${fileId}. They were removed; download it again.`,
      );
    }
    await rename(partial, path);
    return file;
  } finally {
    progress.stop();
    await rm(partial, { force: true });
  }
}
