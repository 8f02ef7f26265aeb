import { z } from 'zod';
import { InvalidBundleError } from '../invalid-bundle-error.ts';

/** The format that this version of AION writes and reads. */
export const BUNDLE_FORMAT = 'aion-bag/1';
const FORMAT_NAME = 'aion-bag';
const FORMAT_VERSION = 1;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const prefixedSha256 = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const count = z.int().nonnegative();
const path = z.string().regex(/^data\/[a-z0-9][a-z0-9.-]*\.age$/);

const partSchema = z.object({
  f: path.describe('Path of the part in the bundle.'),
  rows: count,
  first: z.array(z.string()).describe("Key of the first row, in the table's order."),
  last: z.array(z.string()).describe("Key of the last row, in the table's order."),
  plain: count.describe('Bytes of NDJSON.'),
  plain_sha256: sha256.describe('Of the NDJSON.'),
  zst_sha256: sha256.describe('Of the compressed NDJSON, before encryption.'),
});

const tableSchema = z.object({
  name: z.string().min(1),
  columns: z.array(z.object({ n: z.string(), t: z.string() })).describe('Name and PostgreSQL type.'),
  order: z.array(z.string()).describe('The columns that the rows are ordered by.'),
  rows: count,
  bytes: count.describe('Bytes of NDJSON of all parts.'),
  db_count: count.describe('count(*) by a second query in the same snapshot.'),
  db_sum60: z
    .string()
    .regex(/^\d+$/)
    .optional()
    .describe('Sum over the rows of the first 60 bits of sha256 of the row, computed in PostgreSQL.'),
  root: prefixedSha256.describe("Merkle root (RFC 6962) of the parts' plain_sha256."),
  parts: z.array(partSchema),
});

const schemaSchema = z.object({
  fingerprint: z.string().min(1),
  migration: z.string(),
  file: z.object({ f: path, plain: count, plain_sha256: sha256, zst_sha256: sha256 }).optional(),
});

const snapshotSchema = z.object({
  id: z.string().min(1).describe('As returned by pg_export_snapshot().'),
  xid: z.string().optional(),
  lsn: z.string().optional(),
  at: z.iso.datetime().describe('Wall time of the snapshot.'),
  isolation: z.string().optional(),
  frozen: z.boolean().describe('True if the tenant was read-only since before the snapshot.'),
});

const manifestSchema = z.object({
  format: z.literal(BUNDLE_FORMAT),
  export: z.string().min(1),
  tenant: z.string().min(1),
  created: z.iso.datetime(),
  scope: z.record(z.string(), z.json()).describe('The requested scope.'),
  snapshot: snapshotSchema,
  schema: schemaSchema,
  tables: z.array(tableSchema),
  // The format reserves objects; a reader that cannot verify them must not accept them.
  objects: z.array(z.never()),
  excluded: z.array(z.object({ name: z.string(), reason: z.string().min(1) })),
  processors: z.array(z.json()).describe('External processors that received the data.'),
  versions: z.record(z.string(), z.string()).describe('Versions of the programs that created the bundle.'),
  signer: z.string().regex(/^ed25519:/),
});

/** The manifest of a bundle, stored encrypted at `data/0000-manifest.json.age`; keys as in the file. */
export type BundleManifest = z.infer<typeof manifestSchema>;
/** One table of a manifest. */
export type ManifestTable = z.infer<typeof tableSchema>;
/** One part of a table. */
export type ManifestPart = z.infer<typeof partSchema>;
/** The database snapshot that every table was read from. */
export type BundleSnapshot = z.infer<typeof snapshotSchema>;
/** Any JSON value. */
export type JsonValue = z.infer<ReturnType<typeof z.json>>;

/**
 * Parses the JSON text of a manifest.
 * @throws {InvalidBundleError} naming the invalid fields, or the version that is too new.
 */
export function parseManifest(text: string): BundleManifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InvalidBundleError('The manifest is not JSON.', { cause: error });
  }
  assertFormat(value);
  const parsed = manifestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new InvalidBundleError(`The manifest is not valid: ${z.prettifyError(parsed.error).replaceAll('\n', ' ')}`, {
    cause: parsed.error,
  });
}

function assertFormat(value: unknown): void {
  const format = z.object({ format: z.string() }).safeParse(value).data?.format ?? '';
  const [name, version] = format.split('/');
  if (name !== FORMAT_NAME)
    throw new InvalidBundleError(`The manifest has the format "${format}", not ${BUNDLE_FORMAT}.`);
  if (Number(version) > FORMAT_VERSION) {
    throw new InvalidBundleError(
      `The bundle has the format ${format}; this program reads ${BUNDLE_FORMAT}. Use a newer version of AION to verify it.`,
    );
  }
}
