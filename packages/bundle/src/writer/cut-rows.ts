import { BundleWriteError } from './bundle-write-error.ts';

const LINE_FEED = 10;

/** Limits for the parts and rows of one table. */
export interface RowLimits {
  readonly table: string;
  /** A part ends before the row that would exceed it; a longer single row forms a separate part. */
  readonly maxPartBytes: number;
  readonly maxRowBytes: number;
}

/** Complete rows of one part, contiguous in memory. */
export interface RowSlice {
  readonly bytes: Buffer;
  readonly rows: number;
  readonly startsPart: boolean;
}

/**
 * Cuts NDJSON bytes into parts at row boundaries. The boundaries depend on the rows only, never on their chunking, so that
 * one snapshot always yields the same parts.
 * @throws {BundleWriteError} ROW_TOO_LARGE or ROW_INCOMPLETE.
 */
export async function* cutRows(chunks: AsyncIterable<Uint8Array>, limits: RowLimits): AsyncGenerator<RowSlice> {
  let partBytes = 0;
  let startsPart = true;
  for await (const run of joinRows(chunks, limits)) {
    let sliceStart = 0;
    let rowStart = 0;
    let rows = 0;
    while (rowStart < run.length) {
      const rowEnd = run.indexOf(LINE_FEED, rowStart) + 1;
      assertRowSize(limits, rowEnd - rowStart);
      if (partBytes + rowEnd - rowStart > limits.maxPartBytes) {
        if (rows > 0) yield { bytes: run.subarray(sliceStart, rowStart), rows, startsPart };
        sliceStart = rowStart;
        partBytes = 0;
        rows = 0;
        startsPart = true;
      }
      partBytes += rowEnd - rowStart;
      rows += 1;
      rowStart = rowEnd;
    }
    yield { bytes: run.subarray(sliceStart), rows, startsPart };
    startsPart = false;
  }
}

function assertRowSize({ table, maxRowBytes }: RowLimits, rowBytes: number): void {
  if (rowBytes <= maxRowBytes) return;
  throw new BundleWriteError(
    'ROW_TOO_LARGE',
    `A row of ${table} is longer than ${maxRowBytes} bytes. Raise maxRowBytes, or exclude the table with a reason.`,
  );
}

/** Joins the rows that span chunks; passes all other bytes on without a copy. */
async function* joinRows(chunks: AsyncIterable<Uint8Array>, limits: RowLimits): AsyncGenerator<Buffer> {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const first = bytes.indexOf(LINE_FEED) + 1;
    let start = 0;
    if (first > 0 && pendingBytes > 0) {
      yield Buffer.concat([...pending, bytes.subarray(0, first)]);
      pending = [];
      pendingBytes = 0;
      start = first;
    }
    const end = first === 0 ? 0 : bytes.lastIndexOf(LINE_FEED) + 1;
    if (end > start) yield bytes.subarray(start, end);
    if (end < bytes.length) pending.push(bytes.subarray(end));
    pendingBytes += bytes.length - end;
    assertRowSize(limits, pendingBytes);
  }
  if (pendingBytes > 0) {
    throw new BundleWriteError(
      'ROW_INCOMPLETE',
      `The rows of ${limits.table} end in the middle of a row (${pendingBytes} bytes without a line feed): the source was truncated.`,
    );
  }
}
