import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import { InvalidBundleError } from '../invalid-bundle-error.ts';

const LINE_FEED = 10;
/** Length limit of a row, equal to the default of the writer. */
const MAX_ROW_BYTES = 256 * 1024 * 1024;
const SUM_HEX_DIGITS = 15;

/** Checks each row of NDJSON that arrives in chunks of any size. */
export interface RowChecker {
  readonly rows: number;
  /** Sum of the first 60 bits of the SHA-256 of each row; 0 unless requested. */
  readonly sum60: bigint;
  /** @throws {InvalidBundleError} for a row that is not JSON. */
  add(chunk: Buffer): void;
  /** @throws {InvalidBundleError} when the last row has no line feed. */
  end(): void;
}

/** Creates a checker for the parts of one table in their order. `onRow` receives each valid row. */
export function createRowChecker(table: string, withSum: boolean, onRow: (row: string) => void): RowChecker {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let rows = 0;
  let sum60 = 0n;
  function take(row: Buffer): void {
    const text = parseRow(row, `row ${rows + 1} of ${table}`);
    rows += 1;
    onRow(text);
    if (withSum) sum60 += BigInt(`0x${hash('sha256', row, 'hex').slice(0, SUM_HEX_DIGITS)}`);
  }
  return {
    get rows() {
      return rows;
    },
    get sum60() {
      return sum60;
    },
    add(chunk) {
      let start = 0;
      for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
        const piece = chunk.subarray(start, end);
        take(pendingBytes === 0 ? piece : Buffer.concat([...pending, piece]));
        pending = [];
        pendingBytes = 0;
        start = end + 1;
      }
      if (start < chunk.length) pending.push(chunk.subarray(start));
      pendingBytes += chunk.length - start;
      if (pendingBytes > MAX_ROW_BYTES)
        throw new InvalidBundleError(`row ${rows + 1} of ${table} is longer than ${MAX_ROW_BYTES} bytes`);
    },
    end() {
      if (pendingBytes > 0) throw new InvalidBundleError(`row ${rows + 1} of ${table} is truncated`);
    },
  };
}

function parseRow(row: Buffer, where: string): string {
  if (!isUtf8(row)) throw new InvalidBundleError(`${where} is not UTF-8`);
  const text = row.toString();
  try {
    JSON.parse(text);
    return text;
  } catch (error) {
    throw new InvalidBundleError(`${where} is not JSON`, { cause: error });
  }
}
