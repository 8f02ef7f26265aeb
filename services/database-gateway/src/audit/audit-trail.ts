import type { ChainHead } from '@aion/audit-chain';
import { v7 as uuidv7 } from 'uuid';
import type { Database } from '../database/database.ts';

/** Events and checkpoints as they are stored, for whoever verifies them. The tenant of the platform's chain is null. */
export interface AuditTrail {
  /** Every chain, with the number of its last event. */
  listChains(): Promise<readonly AuditChainLength[]>;
  /** Up to `limit` events after `seq`, in their order, each as PostgreSQL's own JSON. */
  readEvents(tenantId: string | null, seq: number, limit: number): Promise<readonly string[]>;
  /** The checkpoints from `seq` on, likewise. */
  readCheckpoints(tenantId: string | null, seq: number): Promise<readonly string[]>;
  /** Stores a checkpoint; false when another process has stored one of the same event. */
  storeCheckpoint(checkpoint: NewCheckpoint): Promise<boolean>;
}

/** A chain and how long it is. */
export interface AuditChainLength {
  readonly tenantId: string | null;
  readonly seq: number;
}

/** A checkpoint to be stored. */
export interface NewCheckpoint extends ChainHead {
  readonly signature: Uint8Array;
  readonly keyId: string;
}

/** Creates the trail. */
export function createAuditTrail(database: Database): AuditTrail {
  const readLines = async (query: AuditQuery): Promise<string[]> => {
    const rows = await run<{ line: string }>(database, query);
    return rows.map(({ line }) => line);
  };
  return {
    listChains: async () => {
      const rows = await database.query<{ tenant_id: string | null; seq: number }>({
        operation: 'CALL',
        table: 'audit_events',
        text: 'SELECT tenant_id, seq FROM list_audit_chains()',
      });
      return rows.map(({ tenant_id: tenantId, seq }) => ({ tenantId, seq }));
    },
    readEvents: (tenantId, seq, limit) =>
      readLines({
        tenantId,
        operation: 'SELECT',
        table: 'audit_events',
        text: (tenant) =>
          `SELECT row_to_json(e)::text AS line FROM audit_events e WHERE ${tenant} AND seq > $1 ORDER BY seq LIMIT $2`,
        values: [seq, limit],
      }),
    readCheckpoints: (tenantId, seq) =>
      readLines({
        tenantId,
        operation: 'SELECT',
        table: 'audit_checkpoints',
        text: (tenant) =>
          `SELECT row_to_json(c)::text AS line FROM audit_checkpoints c WHERE ${tenant} AND seq >= $1 ORDER BY seq`,
        values: [seq],
      }),
    storeCheckpoint: async ({ tenant_id: tenantId, seq, hash, signature, keyId }) => {
      const rows = await run<{ id: string }>(database, {
        tenantId,
        operation: 'INSERT',
        table: 'audit_checkpoints',
        text: () => `
          INSERT INTO audit_checkpoints (id, tenant_id, seq, hash, signature, key_id) VALUES ($1, $2, $3, $4, $5, $6)
          ON CONFLICT (tenant_id, seq) DO NOTHING RETURNING id`,
        values: [uuidv7(), tenantId, seq, hash, signature, keyId],
      });
      return rows.length > 0;
    },
  };
}

type AuditQuery = {
  readonly tenantId: string | null;
  /** Gets the predicate that names the tenant. */
  readonly text: (tenant: string) => string;
  readonly values: readonly unknown[];
} & (
  | { readonly operation: 'SELECT'; readonly table: 'audit_events' | 'audit_checkpoints' }
  | { readonly operation: 'INSERT'; readonly table: 'audit_checkpoints' }
);

/** Runs a query in the tenant's transaction, or outside of any for the platform. */
function run<R extends Record<string, unknown>>(database: Database, query: AuditQuery): Promise<R[]> {
  const { tenantId, text, ...rest } = query;
  if (tenantId === null) return database.query<R>({ ...rest, text: text('tenant_id IS NULL') });
  const values = rest.operation === 'SELECT' ? [...rest.values, tenantId] : rest.values;
  const statement = { ...rest, values, text: text(`tenant_id = $${values.length}`) };
  return database.withTenant(tenantId, (transaction) => transaction.query<R>(statement));
}
