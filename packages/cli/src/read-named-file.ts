import { readFile } from 'node:fs/promises';
import { errorMessage } from '@aion/errors';
import { UsageError } from './usage-error.ts';

/** Reads a file that the user named. @throws UsageError when it cannot be read */
export async function readNamedFile(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    throw new UsageError(`${file} cannot be read: ${errorMessage(error)}`, { cause: error });
  });
}
