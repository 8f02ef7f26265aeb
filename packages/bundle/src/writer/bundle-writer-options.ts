import type { BundleSink } from '../bundle-sink.ts';
import type { BundleManifest, BundleSnapshot, JsonValue, ManifestTable } from '../manifest/bundle-manifest.ts';
import type { SigningKey } from '../signing/signing-key.ts';
import type { BundleFile } from './finalize-bag.ts';
import type { BundlePart } from './write-part.ts';
import type { BundleProgress, BundleTable } from './write-table.ts';

/** The database schema of the exported tables. */
export interface BundleSchema {
  /** SHA-256 over columns, types and constraints of the database catalogue. */
  readonly fingerprint: string;
  /** Name of the newest migration. */
  readonly migration: string;
  /** The schema as SQL, which is added to the bundle. */
  readonly sql?: string;
}

/** Options of `createBundleWriter`. */
export interface BundleWriterOptions {
  readonly exportId: string;
  readonly tenantId: string;
  readonly sink: BundleSink;
  /** `age1...` recipients of the tenant; at least one. */
  readonly recipients: readonly string[];
  readonly signingKey: SigningKey;
  readonly snapshot: BundleSnapshot;
  readonly schema: BundleSchema;
  /** The requested scope, for the manifest. */
  readonly scope?: Readonly<Record<string, JsonValue>>;
  /** External processors that received the data. */
  readonly processors?: readonly JsonValue[];
  /** Versions of the programs involved. */
  readonly versions?: Readonly<Record<string, string>>;
  readonly profileUrl?: string;
  /** Maximum plaintext bytes of a part (default 64 MiB); only a single longer row exceeds it. */
  readonly maxPartBytes?: number;
  /** Maximum bytes of a row (default 256 MiB). A longer row fails the export. */
  readonly maxRowBytes?: number;
  /** zstd level, default 3. */
  readonly compressionLevel?: number;
  /** Called when a part was stored; the next part waits for it, and a rejection fails the table. */
  readonly onPart?: (part: BundlePart) => void | Promise<void>;
  /** Called every 4 MiB of a table, approximately, and at its end. */
  readonly onProgress?: (progress: BundleProgress) => void;
  readonly now?: () => Date;
}

/** A finished bundle. */
export interface FinalizedBundle {
  /** Every file, the clear ones first. */
  readonly files: readonly BundleFile[];
  readonly manifest: BundleManifest;
  /** SHA-256, in hex, of the plaintext of the manifest: identifies the exported content without revealing it. */
  readonly manifestSha256: string;
  readonly totals: {
    readonly tables: number;
    readonly rows: number;
    readonly parts: number;
    /** NDJSON bytes of all tables. */
    readonly plainBytes: number;
    /** Bytes of all files as stored. */
    readonly bytes: number;
  };
}

/** Writes one bundle: any number of tables, then `finalize`. After a failure every further call fails. */
export interface BundleWriter {
  /**
   * Writes one table from the unmodified NDJSON bytes of PostgreSQL. The producer must not reuse the chunks. The source is
   * closed on success and on failure.
   * @throws {BundleWriteError} when rows are missing, truncated or too long; errors of source and sink are rethrown.
   */
  addTable(table: BundleTable, rows: AsyncIterable<Uint8Array>): Promise<ManifestTable>;
  /** Records a table that the bundle excludes on purpose. */
  exclude(name: string, reason: string): void;
  /** Writes manifest, clear files and signature. */
  finalize(): Promise<FinalizedBundle>;
}
