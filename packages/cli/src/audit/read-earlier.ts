import { open, stat } from 'node:fs/promises';
import { AUDIT_TABLES, CHECKPOINT_SIGNED, parseChainHead, parseCheckpointLog, type ChainHead } from '@aion/audit-chain';
import { verifyBundle } from '@aion/bundle';
import { openBundle } from '../open-bundle.ts';
import { UsageError } from '../usage-error.ts';
import { readLines, type ReadLinesOptions } from './read-lines.ts';

/** What is done with what is known of chains from before. */
export interface ReadEarlierOptions extends Pick<ReadLinesOptions, 'onProgress'> {
  /** The text of the age identity file that opens an earlier bundle. */
  readonly identity: string | undefined;
  readonly take: (head: ChainHead) => void;
}

/**
 * Hands on how far chains had come before: each event and checkpoint of an earlier export, each line of database-gateway's
 * file of heads, or each checkpoint that its log tells of.
 * @throws {UsageError} when it cannot be read, or an earlier bundle is not intact
 */
export async function readEarlier(path: string, { identity, take, onProgress }: ReadEarlierOptions): Promise<void> {
  if (!(await isBundle(path))) {
    await readLines(path, {
      take: (line) => {
        const head = readHead(line);
        if (head !== undefined) take(head);
      },
      onProgress,
    });
    return;
  }
  if (identity === undefined) throw new UsageError(`${path} is an earlier bundle: it is opened with --identity`);
  const { ok } = await verifyBundle({
    source: await openBundle(path),
    identity,
    onProgress: ({ bytes, totalBytes }) => onProgress(bytes, totalBytes),
    onRow: (table, row) => {
      if (AUDIT_TABLES.includes(table)) take(parseChainHead(row));
    },
  });
  if (!ok) throw new UsageError(`${path} is an earlier bundle that is not intact: run aion verify for the details`);
}

/** Undefined for a line of a log that says nothing of a chain. */
function readHead(line: string): ChainHead | undefined {
  if (!line.includes('"message":')) return parseChainHead(line);
  return line.includes(`"message":"${CHECKPOINT_SIGNED}"`) ? parseCheckpointLog(line) : undefined;
}

/** A folder, or what does not begin as JSON does. */
async function isBundle(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  // What cannot be read is told by whoever reads it.
  if (found?.isFile() !== true) return found?.isDirectory() === true;
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(1) });
    return bytesRead > 0 && buffer.toString('latin1') !== '{';
  } finally {
    await file.close();
  }
}
