import type { ChainHead } from '@aion/audit-chain';
import { v7 as uuidv7 } from 'uuid';
import type { Database } from '../database/database.ts';

/** Reads events and checkpoints for their verification. The tenant of the platform's chain is null. */
export interface AuditTrailStore {
  /** Lists every chain with the number of its last event. */
  listChains(): Promise<readonly AuditChainLength[]>;
  /** Reads events in the order of their numbers, `until` included; null for all. */
  readEvents(
    tenantId: string | null,
    page: AuditPage & { readonly until: bigint | null },
  ): Promise<readonly AuditLine[]>;
  /** Reads checkpoints in the order of the numbers of their events. */
  readCheckpoints(tenantId: string | null, page: AuditPage): Promise<readonly AuditLine[]>;
  /** Returns the number of events whose content erasures may have removed, from the erasure ledger; 0 for the platform. */
  countAnnouncedErasures(tenantId: string | null): Promise<number>;
  /** Stores a checkpoint. @returns false when another process has stored one of the same event */
  storeCheckpoint(checkpoint: NewCheckpoint): Promise<boolean>;
}

/** Page of rows: those after a number, at most `limit`. */
export interface AuditPage {
  readonly after: bigint;
  readonly limit: number;
}

/** A row as JSON of PostgreSQL, with its number as a bigint: a manipulated number may exceed the safe integers. */
export interface AuditLine {
  readonly seq: bigint;
  readonly line: string;
}

/** A chain and its length. */
export interface AuditChainLength {
  readonly tenantId: string | null;
  readonly seq: number;
}

/** Content of a new row of `audit_checkpoints`. */
export interface NewCheckpoint extends ChainHead {
  readonly signature: Uint8Array;
  readonly keyId: string;
}

/** Creates the store. */
export function createAuditTrailStore(database: Database): AuditTrailStore {
  const readLines = async ({ tenantId, table, text, values }: AuditQuery): Promise<AuditLine[]> => {
    const statement =
      tenantId === null
        ? { table, text: text('tenant_id IS NULL'), values }
        : { table, text: text(`tenant_id = $${values.length + 1}`), values: [...values, tenantId] };
    const rows = await run<{ seq: string; line: string }>(database, tenantId, statement);
    return rows.map(({ seq, line }) => ({ seq: BigInt(seq), line }));
  };
  return {
    listChains: async () => {
      const rows = await database.query<{ tenant_id: string | null; seq: number }>({
        functionOf: 'audit_events',
        // A manipulated number beyond the safe integers must not prevent the verification of the other chains.
        text: `SELECT tenant_id, least(seq, ${Number.MAX_SAFE_INTEGER}) AS seq FROM list_audit_chains()`,
      });
      return rows.map(({ tenant_id: tenantId, seq }) => ({ tenantId, seq }));
    },
    readEvents: (tenantId, { after, until, limit }) =>
      readLines({
        tenantId,
        table: 'audit_events',
        text: (tenant) => `
          SELECT seq::text AS seq, row_to_json(e)::text AS line FROM audit_events e
          WHERE ${tenant} AND e.seq > $1 AND ($2::bigint IS NULL OR e.seq <= $2)
          ORDER BY e.tenant_id, e.seq LIMIT $3`,
        values: [after, until, limit],
      }),
    readCheckpoints: (tenantId, { after, limit }) =>
      readLines({
        tenantId,
        table: 'audit_checkpoints',
        text: (tenant) => `
          SELECT seq::text AS seq, row_to_json(c)::text AS line FROM audit_checkpoints c
          WHERE ${tenant} AND c.seq > $1 ORDER BY c.tenant_id, c.seq LIMIT $2`,
        values: [after, limit],
      }),
    countAnnouncedErasures: (tenantId) => countAnnouncedErasures(database, tenantId),
    storeCheckpoint: async ({ tenant_id: tenantId, seq, hash, signature, keyId }) => {
      const rows = await run<{ id: string }>(database, tenantId, {
        table: 'audit_checkpoints',
        text: `
          INSERT INTO audit_checkpoints (id, tenant_id, seq, hash, signature, key_id) VALUES ($1, $2, $3, $4, $5, $6)
          ON CONFLICT (tenant_id, seq) DO NOTHING RETURNING id`,
        values: [uuidv7(), tenantId, seq, hash, signature, keyId],
      });
      return rows.length > 0;
    },
  };
}

/**
 * Sums the events that erasures have announced in the ledger before they anonymize the first one. The ledger contains no
 * tenant ids, so it is joined with the requests of the tenant.
 */
async function countAnnouncedErasures(database: Database, tenantId: string | null): Promise<number> {
  if (tenantId === null) return 0;
  const [row] = await database.withTenant(tenantId, (transaction) =>
    transaction.query<{ events: number }>({
      table: 'erasure_requests',
      text: `
        SELECT coalesce(sum(announced.events), 0)::bigint AS events
        FROM erasure_requests r
        CROSS JOIN LATERAL (
          SELECT max(l.planned_rows) AS events FROM erasure_ledger l
          WHERE l.request_id = r.id AND l.phase = 'planned' AND l.store = 'postgresql:audit_events'
            AND l.method = 'anonymize') announced
        WHERE r.tenant_id = $1 AND r.state <> 'cancelled'`,
      values: [tenantId],
    }),
  );
  return row?.events ?? 0;
}

interface AuditQuery {
  readonly tenantId: string | null;
  readonly table: 'audit_events' | 'audit_checkpoints';
  /** Builds the statement from the predicate of the tenant. */
  readonly text: (tenant: string) => string;
  readonly values: readonly unknown[];
}

/** Runs a statement in a transaction of the tenant, or without one for the platform. */
function run<R extends Record<string, unknown>>(
  database: Database,
  tenantId: string | null,
  statement: Pick<AuditQuery, 'table' | 'values'> & { readonly text: string },
): Promise<R[]> {
  if (tenantId === null) return database.query<R>(statement);
  return database.withTenant(tenantId, (transaction) => transaction.query<R>(statement));
}
