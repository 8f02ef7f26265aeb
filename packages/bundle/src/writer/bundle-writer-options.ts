import type { BundleSink } from '../bundle-ports.ts';
import type { BundleManifest, BundleSnapshot, JsonValue, ManifestTable } from '../manifest/bundle-manifest.ts';
import type { SigningKey } from '../signing/signing-key.ts';
import type { BundleFile } from './seal-bag.ts';
import type { BundlePart } from './write-part.ts';
import type { BundleProgress, BundleTable } from './write-table.ts';

/** The database schema that the tables were read under. */
export interface BundleSchema {
  /** SHA-256 over the catalogue's columns, types and constraints. */
  readonly fingerprint: string;
  /** The newest migration. */
  readonly migration: string;
  /** The schema as SQL, to be put into the bundle. */
  readonly sql?: string;
}

/** What a bundle is made of and where it goes. */
export interface BundleWriterOptions {
  readonly exportId: string;
  readonly tenantId: string;
  readonly sink: BundleSink;
  /** `age1...` recipients of the tenant; at least one. */
  readonly recipients: readonly string[];
  readonly signingKey: SigningKey;
  readonly snapshot: BundleSnapshot;
  readonly schema: BundleSchema;
  /** What was asked for, as the manifest repeats it. */
  readonly scope?: Readonly<Record<string, JsonValue>>;
  /** External processors that the data went to. */
  readonly processors?: readonly JsonValue[];
  /** Versions of the programs that take part. */
  readonly versions?: Readonly<Record<string, string>>;
  readonly profileUrl?: string;
  /** Plaintext bytes of a part (default 64 MiB); only a single longer row makes a longer part. */
  readonly maxPartBytes?: number;
  /** Default 256 MiB. A longer row fails the export. */
  readonly maxRowBytes?: number;
  /** zstd level, default 3. */
  readonly compressionLevel?: number;
  /** Called when a part is stored; the next part waits for it, and a rejection fails the table. */
  readonly onPart?: (part: BundlePart) => void | Promise<void>;
  /** Called about every 4 MiB of a table and at its end. */
  readonly onProgress?: (progress: BundleProgress) => void;
  readonly now?: () => Date;
}

/** A finished bundle. */
export interface SealedBundle {
  /** Every file, the clear ones first. */
  readonly files: readonly BundleFile[];
  readonly manifest: BundleManifest;
  /** SHA-256, in hex, of the manifest's plaintext: names this export's content without giving it away. */
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

/** Writes one bundle: tables in any number, then the seal. After any failure it accepts nothing more. */
export interface BundleWriter {
  /**
   * Writes one table from NDJSON bytes exactly as PostgreSQL produced them. The chunks must not be reused by
   * their producer. The source is closed whichever way this ends.
   * @throws {BundleWriteError} when rows are missing, cut off or too long; and whatever source or sink throw.
   */
  addTable(table: BundleTable, rows: AsyncIterable<Uint8Array>): Promise<ManifestTable>;
  /** Records a table that the bundle leaves out on purpose. */
  exclude(name: string, reason: string): void;
  /** Writes manifest, clear files and signature. */
  seal(): Promise<SealedBundle>;
}
