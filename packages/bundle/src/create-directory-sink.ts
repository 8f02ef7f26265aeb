import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { errorCode } from '@aion/errors';
import type { BundleSink } from './bundle-sink.ts';

/** Creates a sink that writes a bundle into a directory, with mode 600. It never replaces an existing file. */
export function createDirectorySink(directory: string): BundleSink {
  return { put: (path, body) => writeNewFile(join(directory, path), body) };
}

async function writeNewFile(file: string, body: Readable): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  try {
    await pipeline(body, createWriteStream(file, { flags: 'wx', mode: 0o600 }));
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') await rm(file, { force: true });
    throw error;
  }
}
