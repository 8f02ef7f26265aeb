import { PARKED_REASONS } from '@aion/contracts';
import type { TraceCarrier } from '@aion/tracing';
import { v7 as uuidv7 } from 'uuid';
import type { Database, TenantTransaction } from '../database/database.ts';

/** A new outbox row. */
export interface NewOutboxRow {
  /** Id of the job in the queue: a row that is published several times becomes one job. */
  readonly dedupeKey: string;
  /** Name of the job. */
  readonly topic: string;
  /** Contains ids only. */
  readonly payload: object;
  readonly carrier: TraceCarrier;
}

/** A row that a relay has claimed for a limited time. */
export interface ClaimedOutboxRow {
  readonly [column: string]: unknown;
  readonly id: string;
  readonly dedupe_key: string;
  readonly topic: string;
  readonly payload: unknown;
  readonly carrier: TraceCarrier;
  /** Number of attempts, this one included. */
  readonly attempts: number;
}

/** Operations of the relay on the due rows of all tenants. */
export interface OutboxStore {
  /** Claims up to `maxRows` due rows; they are due again after `claimMs` unless they are settled. */
  claim(maxRows: number, claimMs: number): Promise<readonly ClaimedOutboxRow[]>;
  markPublished(id: string): Promise<void>;
  /** Makes the row due again after a pause. */
  markFailed(id: string, failure: string, retryAfterMs: number): Promise<void>;
  /**
   * Counts a rejection of the row by the queue, and makes it due again after a pause; after `maxRejections` it is
   * dead-lettered.
   * @returns true if the row is dead-lettered
   */
  markRejected(id: string, rejection: Rejection): Promise<boolean>;
  readState(): Promise<OutboxState>;
}

/** Reason why a row is dead-lettered. */
export type DeadLetterReason = (typeof PARKED_REASONS)[number];

/** Rejection of a row by the queue. */
export interface Rejection {
  readonly reason: DeadLetterReason;
  readonly failure: string;
  readonly retryAfterMs: number;
  readonly maxRejections: number;
}

/** State of the outbox. */
export interface OutboxState {
  /** Age of the oldest row that is neither published nor dead-lettered; 0 without such a row. */
  readonly oldestAgeSeconds: number;
  /** Number of dead-lettered rows by reason. */
  readonly deadLettered: Readonly<Record<DeadLetterReason, number>>;
}

/** Inserts an outbox row in the transaction that causes it. @throws for a dedupe key that exists */
export async function insertOutboxRow(transaction: TenantTransaction, row: NewOutboxRow): Promise<void> {
  await transaction.query({
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

/** Creates the store of the relay. */
export function createOutboxStore(database: Database): OutboxStore {
  const call = async (text: string, values: readonly unknown[]): Promise<void> => {
    await database.query({ functionOf: 'outbox', text, values });
  };
  return {
    claim: (maxRows, claimMs) =>
      database.query<ClaimedOutboxRow>({
        functionOf: 'outbox',
        text: `SELECT * FROM claim_outbox($1, $2 * interval '1 ms')`,
        values: [maxRows, claimMs],
      }),
    markPublished: (id) => call(`SELECT settle_outbox($1, NULL, interval '0')`, [id]),
    markFailed: (id, failure, retryAfterMs) =>
      call(`SELECT settle_outbox($1, $2, $3 * interval '1 ms')`, [id, failure, retryAfterMs]),
    markRejected: async (id, { reason, failure, retryAfterMs, maxRejections }) => {
      const [row] = await database.query<{ parked: boolean | null }>({
        functionOf: 'outbox',
        text: `SELECT refuse_outbox($1, $2, $3, $4 * interval '1 ms', $5) AS parked`,
        values: [id, reason, failure, retryAfterMs, maxRejections],
      });
      return row?.parked === true;
    },
    readState: async () => {
      const [row] = await database.query<{ age: number; parked: Partial<Record<DeadLetterReason, number>> | null }>({
        functionOf: 'outbox',
        text: `SELECT outbox_oldest_age() AS age,
          (SELECT json_object_agg(parked_reason, row_count) FROM count_parked_outbox()) AS parked`,
      });
      return {
        oldestAgeSeconds: row?.age ?? 0,
        deadLettered: { unknown_topic: 0, malformed_payload: 0, refused: 0, ...row?.parked },
      };
    },
  };
}
