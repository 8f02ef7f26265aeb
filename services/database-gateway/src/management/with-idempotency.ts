import type { Caller } from '@aion/contracts';
import { IdempotencyKeyReusedError } from '@aion/errors';
import { v7 as uuidv7 } from 'uuid';
import type { SharedTransaction } from '../database/database.ts';
import { ownerPredicate } from './owner-predicate.ts';

/** Answer to a request, with the version of the resource that it shows. */
export interface VersionedAnswer<A> {
  readonly answer: A;
  /** Absent for resources without a version. */
  readonly version?: number;
}

/**
 * Runs a request once for each `Idempotency-Key` of the caller within 24 hours: the key, the effect and the answer are
 * written in one transaction. A repeated request gets the first answer; a concurrent one waits until the first commits.
 * @param route name of the route, which is stored with the key
 * @throws IdempotencyKeyReusedError when the key was sent with another request before
 */
export async function withIdempotency<A>(
  transaction: SharedTransaction,
  route: string,
  caller: Caller,
  run: () => Promise<VersionedAnswer<A>>,
) {
  const { idempotency } = caller;
  if (idempotency === undefined) return toEnvelope(await run());
  const key = [transaction.tenantId, caller.actor_id, idempotency.key];
  const isFirst = await insertKey(transaction, key, [route, idempotency.request_sha256]);
  if (!isFirst) {
    const { answer, version } = assertSameRequest(await selectRecordedAnswer(transaction, key), caller);
    // The hash of the request covers the name of the route, so this is an answer of the same route.
    return { answer: answer as A, version, replayed: true };
  }
  const { answer, version } = await run();
  await transaction.query({
    table: 'idempotency_keys',
    text: `UPDATE idempotency_keys SET answer = $4, version = $5 WHERE ${keyPredicate(transaction)}`,
    values: [...key, JSON.stringify(answer), version ?? null],
  });
  return toEnvelope({ answer, ...(version === undefined ? {} : { version }) });
}

interface RecordedAnswer {
  readonly [column: string]: unknown;
  readonly request_sha256: string;
  readonly answer: unknown;
  readonly version: number | null;
}

const LIFETIME = "interval '24 hours'";

function keyPredicate(transaction: SharedTransaction): string {
  return `${ownerPredicate(transaction)} AND actor_id = $2 AND idempotency_key = $3`;
}

/** Returns false when the key exists. Waits for a concurrent transaction that has inserted the key. */
async function insertKey(transaction: SharedTransaction, key: unknown[], request: unknown[]): Promise<boolean> {
  await transaction.query({
    table: 'idempotency_keys',
    text: `DELETE FROM idempotency_keys WHERE ${keyPredicate(transaction)} AND expires_at <= now()`,
    values: key,
  });
  const rows = await transaction.query({
    table: 'idempotency_keys',
    text: `
      INSERT INTO idempotency_keys (id, tenant_id, actor_id, idempotency_key, route, request_sha256, expires_at)
      VALUES ($1, $2, $3, $4, $5, $6, now() + ${LIFETIME})
      ON CONFLICT ON CONSTRAINT idempotency_keys_unique DO NOTHING RETURNING id`,
    values: [uuidv7(), ...key, ...request],
  });
  return rows.length > 0;
}

async function selectRecordedAnswer(
  transaction: SharedTransaction,
  key: unknown[],
): Promise<RecordedAnswer | undefined> {
  const [row] = await transaction.query<RecordedAnswer>({
    table: 'idempotency_keys',
    text: `SELECT request_sha256, answer, version FROM idempotency_keys WHERE ${keyPredicate(transaction)}`,
    values: key,
  });
  return row;
}

function assertSameRequest(recorded: RecordedAnswer | undefined, { idempotency }: Caller): RecordedAnswer {
  if (recorded === undefined || recorded.request_sha256 !== idempotency?.request_sha256) {
    throw new IdempotencyKeyReusedError(
      'This Idempotency-Key was sent with another request before. Send a new key with a new request, and the same key ' +
        'only with the same request.',
      { param: 'Idempotency-Key' },
    );
  }
  return recorded;
}

function toEnvelope<A>({ answer, version }: VersionedAnswer<A>) {
  return { answer, version: version ?? null, replayed: false };
}
