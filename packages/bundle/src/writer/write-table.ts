import { Readable } from 'node:stream';
import type { ManifestPart, ManifestTable } from '../manifest/bundle-manifest.ts';
import { computeMerkleRoot } from '../manifest/compute-merkle-root.ts';
import { BundleWriteError } from './bundle-write-error.ts';
import { cutRows, type RowSlice } from './cut-rows.ts';
import type { EncryptedFileContext } from './write-encrypted.ts';
import { openSlices, writePart, type BundlePart } from './write-part.ts';

/** The description of one table from the database. */
export interface BundleTable {
  /** Schema-qualified, such as `public.messages`. */
  readonly name: string;
  /** Name and PostgreSQL type, in the order of the table. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** The columns of the row order: the primary key. May be empty. */
  readonly orderBy: readonly string[];
  /** `count(*)` by a second query in the same snapshot. */
  readonly dbCount: number;
  /** Sum over the rows of the first 60 bits of `sha256(row_to_json(row))`, computed in PostgreSQL, in decimal. */
  readonly dbSum60?: string;
}

/** Progress of one table: rows and plaintext bytes read so far. */
export interface BundleProgress {
  readonly table: string;
  readonly rows: number;
  readonly bytes: number;
}

/** Options of {@link writeTable} from the bundle. */
export interface TableContext extends EncryptedFileContext {
  readonly maxPartBytes: number;
  readonly maxRowBytes: number;
  readonly onPart: (part: BundlePart) => void | Promise<void>;
  readonly onProgress: (progress: BundleProgress) => void;
}

const PROGRESS_BYTES = 4 * 1024 * 1024;

/**
 * Writes all parts of one table; fails unless the number of rows is equal to the count of the database. The source of the
 * rows is closed on success and on failure.
 * @throws {BundleWriteError} ROW_COUNT_MISMATCH, ROW_TOO_LARGE, ROW_INCOMPLETE or ROW_KEY_MISSING.
 */
export async function writeTable(
  context: TableContext,
  table: BundleTable,
  tableNumber: number,
  rows: AsyncIterable<Uint8Array>,
): Promise<ManifestTable> {
  const { maxPartBytes, maxRowBytes } = context;
  const slices = cutRows(rows, { table: table.name, maxPartBytes, maxRowBytes });
  try {
    const entry = toManifestTable(table, await writeParts(context, table, tableNumber, slices));
    if (entry.rows === table.dbCount) return entry;
    throw new BundleWriteError(
      'ROW_COUNT_MISMATCH',
      `${table.name} yielded ${entry.rows} rows, but the database counted ${table.dbCount} in the same snapshot. Run the export again.`,
    );
  } finally {
    // A stalled stream would never settle return(), so it is destroyed first.
    if (rows instanceof Readable) rows.destroy();
    await slices.return(undefined);
  }
}

/** Reports at most once per {@link PROGRESS_BYTES}, and at the end. */
function createProgress(table: string, report: (progress: BundleProgress) => void) {
  const total = { rows: 0, bytes: 0 };
  let reported = 0;
  return {
    total,
    add(slice: RowSlice): void {
      total.rows += slice.rows;
      total.bytes += slice.bytes.length;
      if (total.bytes - reported < PROGRESS_BYTES) return;
      reported = total.bytes;
      report({ table, ...total });
    },
    end: () => report({ table, ...total }),
  };
}

function toManifestTable(table: BundleTable, parts: readonly ManifestPart[]): ManifestTable {
  return {
    name: table.name,
    columns: table.columns.map(({ name, type }) => ({ n: name, t: type })),
    order: [...table.orderBy],
    rows: parts.reduce((sum, part) => sum + part.rows, 0),
    bytes: parts.reduce((sum, part) => sum + part.plain, 0),
    db_count: table.dbCount,
    ...(table.dbSum60 === undefined ? {} : { db_sum60: table.dbSum60 }),
    root: computeMerkleRoot(parts.map((part) => part.plain_sha256)),
    parts: [...parts],
  };
}

function toManifestPart(part: BundlePart): ManifestPart {
  return {
    f: part.path,
    rows: part.rows,
    first: [...part.first],
    last: [...part.last],
    plain: part.plainBytes,
    plain_sha256: part.plainSha256,
    zst_sha256: part.innerSha256,
  };
}

async function writeParts(
  context: TableContext,
  table: BundleTable,
  tableNumber: number,
  slices: AsyncGenerator<RowSlice>,
): Promise<ManifestPart[]> {
  const progress = createProgress(table.name, context.onProgress);
  const cursor = await openSlices(slices, (slice) => progress.add(slice));
  const parts: ManifestPart[] = [];
  while (cursor.current !== undefined) {
    const name = `t${String(tableNumber).padStart(4, '0')}-p${String(parts.length).padStart(5, '0')}`;
    const part = await writePart(context, table, cursor, `data/${name}.ndjson.zst.age`);
    await context.onPart(part);
    parts.push(toManifestPart(part));
  }
  progress.end();
  return parts;
}
