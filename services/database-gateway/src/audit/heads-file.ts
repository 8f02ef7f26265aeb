import { open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { formatChainHead, InvalidAuditRowError, parseChainHead, type ChainHead } from '@aion/audit-chain';
import { errorCode } from '@aion/errors';
import { isError } from '../database/database-error.ts';

/** Heads of the last valid verification of each chain, stored where writers of the database have no access. */
export interface HeadsFile {
  /** Returns no heads when the file does not exist. @throws Error when it exists and cannot be read */
  read(): Promise<readonly ChainHead[]>;
  /** Replaces the content; durable when it resolves. @throws Error when it cannot be written */
  write(heads: readonly ChainHead[]): Promise<void>;
}

/** Creates the heads file at a path, one line of JSON for each chain; without a path nothing is stored. */
export function createHeadsFile(path: string | undefined): HeadsFile {
  if (path === undefined) return { read: () => Promise.resolve([]), write: () => Promise.resolve() };
  let written: string | undefined;
  return {
    read: async () => {
      const text = await readFile(path, 'utf8').catch((error: unknown) => {
        if (isError(error) && errorCode(error) === 'ENOENT') return '';
        throw error;
      });
      return text
        .split('\n')
        .map((line, at) => ({ line, number: at + 1 }))
        .filter(({ line }) => line !== '')
        .map(({ line, number }) => parseLine(path, line, number));
    },
    write: async (heads) => {
      const text = heads.map((head) => `${formatChainHead(head)}\n`).join('');
      if (text === written) return;
      await replaceFile(path, text);
      written = text;
    },
  };
}

function parseLine(path: string, line: string, number: number): ChainHead {
  try {
    return parseChainHead(line);
  } catch (cause) {
    if (!(cause instanceof InvalidAuditRowError)) throw cause;
    throw new Error(
      `Line ${number} of ${path} (AION_AUDIT_HEADS_FILE) is not an audit head: ${cause.message} ` +
        'Restore the file; or remove it after the audit trail was compared with an earlier export.',
      { cause },
    );
  }
}

/** Replaces a file atomically: after a crash it is either complete or the previous one. */
async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const file = await open(temporary, 'w', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
  const folder = await open(dirname(path));
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
