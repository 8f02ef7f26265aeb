import { rename, rm, writeFile } from 'node:fs/promises';

/** Writes a file that only this user may read (mode 600). The write is atomic, even if the process is killed. */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, text, { mode: 0o600 });
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}
