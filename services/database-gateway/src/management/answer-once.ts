import type { Caller } from '@aion/contracts';
import { IdempotencyKeyReusedError } from '@aion/errors';
import { v7 as uuidv7 } from 'uuid';
import type { SharedTransaction } from '../database/database.ts';
import { ofOwner } from './of-owner.ts';

/** What a request is answered with. */
export interface Answer<A> {
  readonly answer: A;
  /** The version of what is answered, where it has one. */
  readonly version?: number;
}

interface Recorded {
  readonly [column: string]: unknown;
  readonly request_sha256: string;
  readonly answer: unknown;
  readonly version: number | null;
}

const KEPT = "interval '24 hours'";

/**
 * Carries a request out, once for each `Idempotency-Key` of the caller within a day: the key, the effect and the answer
 * are written in one transaction. A request that comes again gets the answer of the first time; one that comes at the same
 * time waits for the first to commit.
 * @throws IdempotencyKeyReusedError when the key came with another request before
 */
export async function answerOnce<A>(
  transaction: SharedTransaction,
  route: string,
  caller: Caller,
  run: () => Promise<Answer<A>>,
) {
  const { idempotency } = caller;
  if (idempotency === undefined) return toEnvelope(await run());
  const claim = [transaction.tenantId, caller.actor_id, idempotency.key];
  const isFirst = await insertClaim(transaction, claim, [route, idempotency.request_sha256]);
  if (!isFirst) {
    const { answer, version } = sameRequest(await selectRecorded(transaction, claim), caller);
    // Written as the answer of this very route: the hash of the request has its name in it.
    return { answer: answer as A, version, replayed: true };
  }
  const { answer, version } = await run();
  await transaction.query({
    operation: 'UPDATE',
    table: 'idempotency_keys',
    text: `UPDATE idempotency_keys SET answer = $4, version = $5 WHERE ${sameClaim(transaction)}`,
    values: [...claim, JSON.stringify(answer), version ?? null],
  });
  return toEnvelope({ answer, ...(version === undefined ? {} : { version }) });
}

function sameClaim(transaction: SharedTransaction): string {
  return `${ofOwner(transaction)} AND actor_id = $2 AND idempotency_key = $3`;
}

/** False when the key is known. Waits for another transaction that has claimed it and not ended. */
async function insertClaim(transaction: SharedTransaction, claim: unknown[], request: unknown[]): Promise<boolean> {
  await transaction.query({
    operation: 'DELETE',
    table: 'idempotency_keys',
    text: `DELETE FROM idempotency_keys WHERE ${sameClaim(transaction)} AND expires_at <= now()`,
    values: claim,
  });
  const rows = await transaction.query({
    operation: 'INSERT',
    table: 'idempotency_keys',
    text: `
      INSERT INTO idempotency_keys (id, tenant_id, actor_id, idempotency_key, route, request_sha256, expires_at)
      VALUES ($1, $2, $3, $4, $5, $6, now() + ${KEPT})
      ON CONFLICT ON CONSTRAINT idempotency_keys_unique DO NOTHING RETURNING id`,
    values: [uuidv7(), ...claim, ...request],
  });
  return rows.length > 0;
}

async function selectRecorded(transaction: SharedTransaction, claim: unknown[]): Promise<Recorded | undefined> {
  const [row] = await transaction.query<Recorded>({
    operation: 'SELECT',
    table: 'idempotency_keys',
    text: `SELECT request_sha256, answer, version FROM idempotency_keys WHERE ${sameClaim(transaction)}`,
    values: claim,
  });
  return row;
}

function sameRequest(recorded: Recorded | undefined, { idempotency }: Caller): Recorded {
  if (recorded === undefined || recorded.request_sha256 !== idempotency?.request_sha256) {
    throw new IdempotencyKeyReusedError(
      'This Idempotency-Key came with another request before. Send a new key with a new request, and the same request ' +
        'with the same key.',
      { param: 'Idempotency-Key' },
    );
  }
  return recorded;
}

function toEnvelope<A>({ answer, version }: Answer<A>) {
  return { answer, version: version ?? null, replayed: false };
}
