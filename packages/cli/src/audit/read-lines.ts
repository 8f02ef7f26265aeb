import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { InvalidAuditRowError } from '@aion/audit-chain';
import { UsageError } from '../usage-error.ts';

/** What is done with lines as they are read. */
export interface ReadLinesOptions {
  readonly take: (line: string) => void;
  /** Now and then: how much was read, of how much if that is known. */
  readonly onProgress: (bytes: number, totalBytes: number | undefined) => void;
}

const LINES_A_STEP = 500;

/**
 * Hands on each line of a file, or of standard input when it is `-`; empty lines are passed over.
 * @throws {UsageError} when there is no such file; {InvalidAuditRowError} with the line's number when `take` throws one
 */
export async function readLines(path: string, { take, onProgress }: ReadLinesOptions): Promise<void> {
  let number = 0;
  try {
    const totalBytes = path === '-' ? undefined : await sizeOf(path);
    const input = path === '-' ? process.stdin : createReadStream(path);
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      number += 1;
      if (line.trim() !== '') take(line);
      if (number % LINES_A_STEP === 0) onProgress(input.bytesRead, totalBytes);
    }
  } catch (error) {
    if (error instanceof InvalidAuditRowError) {
      throw new InvalidAuditRowError(`Line ${number} of ${path}: ${error.message}`, { cause: error });
    }
    if (error instanceof Error && 'code' in error) {
      const hint = error.code === 'EISDIR' ? ': a bundle is opened with --identity' : `: ${error.message}`;
      throw new UsageError(`${path} cannot be read${hint}`, { cause: error });
    }
    throw error;
  }
}

/** Undefined for what has no size before it is read, such as a pipe. */
async function sizeOf(path: string): Promise<number | undefined> {
  const found = await stat(path);
  return found.isFile() ? found.size : undefined;
}
