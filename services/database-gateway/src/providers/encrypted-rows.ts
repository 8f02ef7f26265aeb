import { ROTATION_BATCH, type SealedRow } from '@aion/contracts';
import type { Database, SharedTransaction } from '../database/database.ts';

interface EncryptedRow {
  readonly [column: string]: unknown;
  readonly id: string;
  readonly tenant_id: string | null;
  readonly version: number;
  readonly key_id: string;
  readonly credentials: Buffer;
}

/** Lists rows of all tenants and of the platform that are encrypted with another key than the current one, by id. */
export async function listEncryptedRows(
  database: Database,
  { keyId, after }: { readonly keyId: string; readonly after: string | undefined },
): Promise<SealedRow[]> {
  const rows = await database.query<EncryptedRow>({
    operation: 'CALL',
    table: 'provider_configs',
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
    operation: 'CALL',
    table: 'provider_configs',
    text: 'SELECT key_id, row_count FROM count_sealed_rows()',
  });
  return rows.map(({ key_id, row_count }) => ({ key_id, rows: row_count }));
}
