import { PARKED_REASONS } from '@aion/contracts';
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
  /**
   * Counts that the queue refused the row, which is due again after a pause; with the last refusal that it may have, the
   * row is parked. Tells whether it is.
   */
  markRefused(id: string, refusal: Refusal): Promise<boolean>;
  readState(): Promise<OutboxState>;
}

/** Why a row is parked when it has been refused too often. */
export type ParkedReason = (typeof PARKED_REASONS)[number];

/** What the queue said to a row. */
export interface Refusal {
  readonly reason: ParkedReason;
  readonly failure: string;
  readonly retryAfterMs: number;
  readonly maxRefusals: number;
}

/** What waits in the outbox. */
export interface OutboxState {
  /** Of the oldest row that is neither published nor parked; 0 when there is none. */
  readonly oldestAgeSeconds: number;
  readonly parked: Readonly<Record<ParkedReason, number>>;
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
    markRefused: async (id, { reason, failure, retryAfterMs, maxRefusals }) => {
      const [row] = await database.query<{ parked: boolean | null }>({
        operation: 'CALL',
        table: 'outbox',
        text: `SELECT refuse_outbox($1, $2, $3, $4 * interval '1 ms', $5) AS parked`,
        values: [id, reason, failure, retryAfterMs, maxRefusals],
      });
      return row?.parked === true;
    },
    readState: async () => {
      const [row] = await database.query<{ age: number; parked: Partial<Record<ParkedReason, number>> | null }>({
        operation: 'CALL',
        table: 'outbox',
        text: `SELECT outbox_oldest_age() AS age,
          (SELECT json_object_agg(parked_reason, row_count) FROM count_parked_outbox()) AS parked`,
      });
      return {
        oldestAgeSeconds: row?.age ?? 0,
        parked: { unknown_topic: 0, malformed_payload: 0, refused: 0, ...row?.parked },
      };
    },
  };
}
