import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { Progress } from '../output/progress.ts';
import { ModelSourceError } from './model-source-error.ts';

/**
 * Copies a local model file.
 * @throws ModelSourceError when the file cannot be read.
 */
export async function copyModelFile(
  source: string,
  targetPath: string,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const { size } = await stat(source).catch((error: unknown) => {
    throw new ModelSourceError(`${source} cannot be read: pass a file or an http(s) URL as --from`, { cause: error });
  });
  progress.start('Copying', size, 0);
  let done = 0;
  const count = async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      done += chunk.length;
      progress.update(done);
      yield chunk;
    }
  };
  try {
    await pipeline(createReadStream(source), count, createWriteStream(targetPath), { signal });
  } finally {
    progress.stop();
  }
}
