import { stat } from 'node:fs/promises';
import { createDirectorySource, createTarSource, type BundleSource } from '@aion/bundle';
import { UsageError } from './usage-error.ts';

/** Opens the folder of a bundle, or its tar file. @throws UsageError when it cannot be read */
export async function openBundle(path: string): Promise<BundleSource> {
  const found = await stat(path).catch((error: unknown) => {
    throw new UsageError(`${path} cannot be read: pass the folder of a bundle or its .tar file`, { cause: error });
  });
  return found.isDirectory() ? createDirectorySource(path) : createTarSource(path);
}
