import { readFile } from 'node:fs/promises';
import { UsageError } from './usage-error.ts';

/** Reads a file that the caller named. @throws {UsageError} */
export async function readNamedFile(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    throw new UsageError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  });
}

/** Takes the one key out of a `.pub` file or an `allowed_signers` file: `ssh-ed25519 AAAA...`. @throws {UsageError} */
export async function readSigner(file: string): Promise<string> {
  const keys = (await readNamedFile(file)).match(/ssh-ed25519 [A-Za-z0-9+/=]+/g) ?? [];
  const [key] = keys;
  if (key !== undefined && keys.length === 1) return key;
  throw new UsageError(`${file} holds ${keys.length} keys: give a file with one line "ssh-ed25519 AAAA..."`);
}
