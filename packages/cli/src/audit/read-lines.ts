import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { InvalidAuditRowError } from '@aion/audit-chain';
import { UsageError } from '../usage-error.ts';

/**
 * Hands on each line of a file, or of standard input when it is `-`; empty lines are passed over.
 * @throws {UsageError} when there is no such file; {InvalidAuditRowError} with the line's number when `take` throws one
 */
export async function readLines(path: string, take: (line: string) => void): Promise<void> {
  const input = path === '-' ? process.stdin : createReadStream(path);
  let number = 0;
  try {
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      number += 1;
      if (line.trim() !== '') take(line);
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
