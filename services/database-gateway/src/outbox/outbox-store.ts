import type { TraceCarrier } from '@aion/tracing';
import { v7 as uuidv7 } from 'uuid';
import type { Database, TenantTransaction } from '../database/database.ts';

/** Something that must reach the queue. */
export interface NewOutboxRow {
  /** The id of the job in the queue: however often the row is published, there is one job. */
  readonly dedupeKey: string;
  /** The name of the job. */
  readonly topic: string;
  /** Ids only. */
  readonly payload: object;
  readonly carrier: TraceCarrier;
}

/** A row that a relay has taken for a while. */
export interface ClaimedOutboxRow {
  readonly [column: string]: unknown;
  readonly id: string;
  readonly dedupe_key: string;
  readonly topic: string;
  readonly payload: unknown;
  readonly carrier: TraceCarrier;
  /** This attempt included. */
  readonly attempts: number;
}

/** The outbox as the relay sees it: the due rows of all tenants. */
export interface OutboxStore {
  /** Takes up to `maxRows` due rows; they are due again after `claimMs` unless they are settled. */
  claim(maxRows: number, claimMs: number): Promise<readonly ClaimedOutboxRow[]>;
  markPublished(id: string): Promise<void>;
  /** Makes the row due again after a pause. */
  markFailed(id: string, failure: string, retryAfterMs: number): Promise<void>;
  /** 0 when everything is published. */
  oldestAgeSeconds(): Promise<number>;
}

/** Writes an outbox row in the transaction of what it tells. @throws on a dedupe key that exists */
export async function insertOutboxRow(transaction: TenantTransaction, row: NewOutboxRow): Promise<void> {
  await transaction.query({
    operation: 'INSERT',
    table: 'outbox',
    text: `
      INSERT INTO outbox (id, tenant_id, dedupe_key, topic, payload, carrier) VALUES ($1, $2, $3, $4, $5, $6)`,
    values: [
      uuidv7(),
      transaction.tenantId,
      row.dedupeKey,
      row.topic,
      JSON.stringify(row.payload),
      JSON.stringify(row.carrier),
    ],
  });
}

/** Creates the relay's view of the outbox. */
export function createOutboxStore(database: Database): OutboxStore {
  const call = async (text: string, values: readonly unknown[]): Promise<void> => {
    await database.query({ operation: 'CALL', table: 'outbox', text, values });
  };
  return {
    claim: (maxRows, claimMs) =>
      database.query<ClaimedOutboxRow>({
        operation: 'CALL',
        table: 'outbox',
        text: `SELECT * FROM claim_outbox($1, $2 * interval '1 ms')`,
        values: [maxRows, claimMs],
      }),
    markPublished: (id) => call(`SELECT settle_outbox($1, NULL, interval '0')`, [id]),
    markFailed: (id, failure, retryAfterMs) =>
      call(`SELECT settle_outbox($1, $2, $3 * interval '1 ms')`, [id, failure, retryAfterMs]),
    oldestAgeSeconds: async () => {
      const [row] = await database.query<{ age: number }>({
        operation: 'CALL',
        table: 'outbox',
        text: 'SELECT outbox_oldest_age() AS age',
      });
      return row?.age ?? 0;
    },
  };
}
