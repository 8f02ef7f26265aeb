import { open, stat } from 'node:fs/promises';
import { AUDIT_TABLES, CHECKPOINT_SIGNED, parseChainHead, parseCheckpointLog, type ChainHead } from '@aion/audit-chain';
import { verifyBundle } from '@aion/bundle';
import { openBundle } from '../open-bundle.ts';
import { UsageError } from '../usage-error.ts';
import { readLines, type ReadLinesOptions } from './read-lines.ts';

/** Options of `readEarlier`. */
export interface ReadEarlierOptions extends Pick<ReadLinesOptions, 'onProgress'> {
  /** Content of the age identity file that decrypts an earlier bundle. */
  readonly identity: string | undefined;
  readonly onHead: (head: ChainHead) => void;
}

/**
 * Reads earlier heads of chains: each event and checkpoint of an earlier export, each line of database-gateway's heads file,
 * or each signed checkpoint in its log.
 * @throws UsageError when the file cannot be read, or an earlier bundle is not intact
 */
export async function readEarlier(path: string, { identity, onHead, onProgress }: ReadEarlierOptions): Promise<void> {
  if (!(await isBundle(path))) {
    await readLines(path, {
      onLine: (line) => {
        const head = readHead(line);
        if (head !== undefined) onHead(head);
      },
      onProgress,
    });
    return;
  }
  if (identity === undefined) throw new UsageError(`${path} is an earlier bundle: pass --identity to decrypt it`);
  const { ok } = await verifyBundle({
    source: await openBundle(path),
    identity,
    onProgress: ({ bytes, totalBytes }) => onProgress(bytes, totalBytes),
    onRow: (table, row) => {
      if (AUDIT_TABLES.includes(table)) onHead(parseChainHead(row));
    },
  });
  if (!ok) throw new UsageError(`${path} is an earlier bundle that is not intact: run aion verify for the details`);
}

/** Parses a head; returns undefined for a log line without one. */
function readHead(line: string): ChainHead | undefined {
  if (!line.includes('"message":')) return parseChainHead(line);
  return line.includes(`"message":"${CHECKPOINT_SIGNED}"`) ? parseCheckpointLog(line) : undefined;
}

/** Reports whether a path is a bundle: a folder, or a file that does not start with a JSON object. */
async function isBundle(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  // An unreadable file is reported when its lines are read.
  if (found?.isFile() !== true) return found?.isDirectory() === true;
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(1) });
    return bytesRead > 0 && buffer.toString('latin1') !== '{';
  } finally {
    await file.close();
  }
}
