import { ROTATION_BATCH, type BodyOf, type EncryptedRow, type internalRoutes } from '@aion/contracts';
import type { Database, SharedTransaction } from '../database/database.ts';

/** Credentials that were encrypted again with the current key, with the key that they were read with. */
export type ReencryptedRow = BodyOf<typeof internalRoutes.sealingKeys.storeRotatedRows>['resealed'][number];

/** Lists rows of all tenants and of the platform that are encrypted with another key than the current one, by id. */
export async function listEncryptedRows(
  database: Database,
  { keyId, after }: { readonly keyId: string; readonly after: string | undefined },
): Promise<EncryptedRow[]> {
  const rows = await database.query<ListedRow>({
    functionOf: 'provider_configs',
    text: 'SELECT * FROM list_sealed_otherwise($1, $2, $3)',
    values: [keyId, after ?? null, ROTATION_BATCH],
  });
  return rows.map(({ id, tenant_id, version, key_id, credentials }) => {
    return { id, tenant_id, version, sealed: { key_id, bytes: credentials.toString('base64url') } };
  });
}

/** Counts encrypted rows by key. */
export async function countEncryptedByKey(
  database: Database | SharedTransaction,
): Promise<{ readonly key_id: string; readonly rows: number }[]> {
  const rows = await database.query<{ readonly key_id: string; readonly row_count: number }>({
    functionOf: 'provider_configs',
    text: 'SELECT key_id, row_count FROM count_sealed_rows()',
  });
  return rows.map(({ key_id, row_count }) => ({ key_id, rows: row_count }));
}

/**
 * Replaces encrypted credentials of one tenant, or of the platform, that have not changed since they were read: a row that
 * was changed or re-encrypted in the meantime stays as it is. The version does not change, since nothing visible of the
 * row does. Returns the number of replaced rows.
 */
export async function replaceCredentials(
  transaction: SharedTransaction,
  rows: readonly ReencryptedRow[],
): Promise<number> {
  const replaced = await transaction.query({
    table: 'provider_configs',
    text: `
      UPDATE provider_configs p SET credentials = r.credentials, key_id = r.key_id
      FROM unnest($2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::bytea[])
        AS r (id, version, from_key_id, key_id, credentials)
      WHERE p.tenant_id IS NOT DISTINCT FROM $1 AND p.id = r.id AND p.version = r.version AND p.key_id = r.from_key_id
      RETURNING p.id`,
    values: [
      transaction.tenantId,
      rows.map(({ id }) => id),
      rows.map(({ version }) => version),
      rows.map(({ from_key_id }) => from_key_id),
      rows.map(({ sealed }) => sealed.key_id),
      rows.map(({ sealed }) => Buffer.from(sealed.bytes, 'base64url')),
    ],
  });
  return replaced.length;
}

interface ListedRow {
  readonly [column: string]: unknown;
  readonly id: string;
  readonly tenant_id: string | null;
  readonly version: number;
  readonly key_id: string;
  readonly credentials: Buffer;
}
