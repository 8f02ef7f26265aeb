import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import { InvalidBundleError } from '../invalid-bundle-error.ts';

const LINE_FEED = 10;
/** The longest row that the writer's default lets through. */
const MAX_ROW_BYTES = 256 * 1024 * 1024;
const SUM_HEX_DIGITS = 15;

/** Takes NDJSON in chunks of any size, and checks each row. */
export interface RowChecker {
  readonly rows: number;
  /** Sum of the first 60 bits of each row's SHA-256; stays 0 unless it was asked for. */
  readonly sum60: bigint;
  /** @throws {InvalidBundleError} for a row that is not JSON. */
  add(chunk: Buffer): void;
  /** @throws {InvalidBundleError} when the last row has no end. */
  end(): void;
}

/** A checker for the parts of one table, in their order. `onRow` gets each row that is JSON. */
export function createRowChecker(table: string, withSum: boolean, onRow: (row: string) => void): RowChecker {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let rows = 0;
  let sum60 = 0n;
  function take(row: Buffer): void {
    const text = checkRow(row, `row ${rows + 1} of ${table}`);
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
      if (pendingBytes > 0) throw new InvalidBundleError(`row ${rows + 1} of ${table} is cut off`);
    },
  };
}

function checkRow(row: Buffer, where: string): string {
  if (!isUtf8(row)) throw new InvalidBundleError(`${where} is not UTF-8`);
  const text = row.toString();
  try {
    JSON.parse(text);
    return text;
  } catch (error) {
    throw new InvalidBundleError(`${where} is not JSON`, { cause: error });
  }
}
