import type { RowSlice } from './cut-rows.ts';
import { readRowKey } from './read-row-key.ts';
import { writeEncrypted, type EncryptedFile, type EncryptedFileContext } from './write-encrypted.ts';

/** A stored part of a table. */
export interface BundlePart extends EncryptedFile {
  readonly table: string;
  readonly rows: number;
  /** Key of the first row, as text, in the order of the table. */
  readonly first: readonly string[];
  readonly last: readonly string[];
}

/** A cursor over the slices of a table; `current` is `undefined` at the end. */
export interface SliceCursor {
  readonly current: RowSlice | undefined;
  advance(): Promise<void>;
}

/** Opens a cursor at the first slice. Calls `onSlice` for each slice as it arrives. */
export async function openSlices(
  slices: AsyncIterator<RowSlice>,
  onSlice: (slice: RowSlice) => void,
): Promise<SliceCursor> {
  let current: RowSlice | undefined;
  async function advance(): Promise<void> {
    const next = await slices.next();
    current = next.done === true ? undefined : next.value;
    if (current !== undefined) onSlice(current);
  }
  await advance();
  return {
    get current() {
      return current;
    },
    advance,
  };
}

const LINE_FEED = 10;

/** Writes the part at the cursor and moves the cursor to the beginning of the next part. */
export async function writePart(
  context: EncryptedFileContext,
  table: { readonly name: string; readonly orderBy: readonly string[] },
  cursor: SliceCursor,
  path: string,
): Promise<BundlePart> {
  let rows = 0;
  let first: Buffer = Buffer.alloc(0);
  let last: Buffer = first;
  async function* readPart(): AsyncGenerator<Uint8Array> {
    for (let slice = cursor.current; slice !== undefined; slice = cursor.current) {
      if (rows > 0 && slice.startsPart) return;
      if (rows === 0) first = firstRow(slice.bytes);
      rows += slice.rows;
      last = slice.bytes;
      yield slice.bytes;
      await cursor.advance();
    }
  }
  const file = await writeEncrypted(context, path, readPart());
  return {
    ...file,
    table: table.name,
    rows,
    first: readRowKey(first, table.orderBy, table.name),
    last: readRowKey(lastRow(last), table.orderBy, table.name),
  };
}

function firstRow(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.indexOf(LINE_FEED));
}

function lastRow(bytes: Buffer): Buffer {
  const end = bytes.length - 1;
  return bytes.subarray(bytes.subarray(0, end).lastIndexOf(LINE_FEED) + 1, end);
}
