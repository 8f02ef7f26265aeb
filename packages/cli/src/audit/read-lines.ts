import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { InvalidAuditRowError } from '@aion/audit-chain';
import { UsageError } from '../usage-error.ts';

/** Options of `readLines`. */
export interface ReadLinesOptions {
  readonly onLine: (line: string) => void;
  /** Called every 500 lines; the total is undefined if it is unknown. */
  readonly onProgress: (bytes: number, totalBytes: number | undefined) => void;
}

const LINES_PER_UPDATE = 500;

/**
 * Reads the lines of a file, or of standard input for `-`; skips empty lines.
 * @throws UsageError when the file cannot be read; InvalidAuditRowError with the number of the line when `onLine` throws one
 */
export async function readLines(path: string, { onLine, onProgress }: ReadLinesOptions): Promise<void> {
  let number = 0;
  try {
    const totalBytes = path === '-' ? undefined : await sizeOf(path);
    const input = path === '-' ? process.stdin : createReadStream(path);
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      number += 1;
      if (line.trim() !== '') onLine(line);
      if (number % LINES_PER_UPDATE === 0) onProgress(input.bytesRead, totalBytes);
    }
  } catch (error) {
    if (error instanceof InvalidAuditRowError) {
      throw new InvalidAuditRowError(`Line ${number} of ${path}: ${error.message}`, { cause: error });
    }
    if (error instanceof Error && 'code' in error) {
      const hint = error.code === 'EISDIR' ? ': a bundle requires --identity' : `: ${error.message}`;
      throw new UsageError(`${path} cannot be read${hint}`, { cause: error });
    }
    throw error;
  }
}

/** Returns the size of a file; undefined for other inputs such as a pipe. */
async function sizeOf(path: string): Promise<number | undefined> {
  const found = await stat(path);
  return found.isFile() ? found.size : undefined;
}
