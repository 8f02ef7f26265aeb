import type { internalRoutes, AnswerOf, BodyOf } from '@aion/contracts';
import { ConflictError } from '@aion/errors';
import { recordAuditEvent } from '../audit/record-audit-event.ts';
import type { Database, TenantTransaction } from '../database/database.ts';
import type { OnExportEnd } from './count-export-ends.ts';
import { AGE_SECONDS, type ExportRow } from './export-row.ts';
import { requireExport } from './export-store.ts';
import { insertFiles, updateLease, updateToReady } from './fenced-writes.ts';

type Claim = BodyOf<typeof internalRoutes.exports.claim> & { readonly tenant_id: string };
type ClaimResult = AnswerOf<typeof internalRoutes.exports.claim>;
type Renewal = BodyOf<typeof internalRoutes.exports.renew> & { readonly tenant_id: string };
type Completion = BodyOf<typeof internalRoutes.exports.complete> & { readonly tenant_id: string };
type Failure = BodyOf<typeof internalRoutes.exports.fail> & { readonly tenant_id: string };

/**
 * Exports as their workers see them. A claim raises the epoch; every write names its epoch and is refused with
 * ConflictError once a newer claim exists, so that a worker that was thought dead and wakes up changes nothing.
 */
export interface ExportClaims {
  /** @throws NotFoundError; ConflictError with the time to wait while another worker's lease lives */
  claim(id: string, claim: Claim): Promise<ClaimResult>;
  /** Throws unless the epoch is the current one of an unfinished export. */
  check(tenantId: string, id: string, epoch: number): Promise<void>;
  /** Extends the lease and stores the progress. */
  renew(id: string, renewal: Renewal): Promise<void>;
  /** The commit point: files, state and audit event, or none of them. A repetition changes nothing. */
  complete(id: string, completion: Completion, actor: string): Promise<void>;
  /** Ends the export with a reason. A repetition changes nothing. */
  fail(id: string, failure: Failure, actor: string): Promise<void>;
}

/** Creates the claims. */
export function createExportClaims(database: Database, onEnd: OnExportEnd = () => undefined): ExportClaims {
  return {
    claim: (id, claim) => database.withTenant(claim.tenant_id, (transaction) => claimOnce(transaction, id, claim)),
    check: (tenantId, id, epoch) =>
      database.withTenant(tenantId, async (transaction) => {
        const row = await requireExport(transaction, id);
        if (row.epoch !== epoch || isFinal(row)) throw staleClaim(row, epoch);
      }),
    renew: (id, renewal) =>
      database.withTenant(renewal.tenant_id, async (transaction) => {
        if (await updateLease(transaction, id, renewal)) return;
        throw staleClaim(await requireExport(transaction, id), renewal.epoch);
      }),
    complete: async (id, completion, actor) => {
      const ageSeconds = await database.withTenant(completion.tenant_id, async (transaction) => {
        const age = await updateToReady(transaction, id, completion);
        if (age === undefined) {
          const row = await requireExport(transaction, id);
          if (row.state === 'ready' && row.epoch === completion.epoch) return undefined;
          throw staleClaim(row, completion.epoch);
        }
        await insertFiles(transaction, id, completion);
        await recordAuditEvent(transaction, { actor, action: 'export.ready', targetType: 'export', targetId: id });
        return age;
      });
      if (ageSeconds !== undefined) onEnd({ outcome: 'ready', ageSeconds });
    },
    fail: async (id, failure, actor) => {
      const ageSeconds = await database.withTenant(failure.tenant_id, async (transaction) => {
        const age = await failUnfinished(transaction, id, failure, actor);
        if (age !== undefined) return age;
        const row = await requireExport(transaction, id);
        if (row.state === 'failed' && row.epoch === failure.epoch) return undefined;
        throw staleClaim(row, failure.epoch);
      });
      if (ageSeconds !== undefined) onEnd({ outcome: 'failed', code: failure.code, ageSeconds });
    },
  };
}

/**
 * Moves an export of this epoch to `failed`, with its audit event.
 * @returns the seconds since its request; undefined unless it was unfinished and of this epoch
 */
export async function failUnfinished(
  transaction: TenantTransaction,
  id: string,
  failure: { readonly epoch: number; readonly code: string; readonly message: string },
  actor: string,
): Promise<number | undefined> {
  const [row] = await transaction.query<{ age_seconds: number }>({
    operation: 'UPDATE',
    table: 'export_jobs',
    text: `
      UPDATE export_jobs SET state = 'failed', failure_code = $4, failure_message = $5, lease_until = NULL,
        finished_at = now(), updated_at = now(), version = version + 1
      WHERE tenant_id = $1 AND id = $2 AND epoch = $3 AND state IN ('requested', 'running', 'sealing')
      RETURNING ${AGE_SECONDS}`,
    values: [transaction.tenantId, id, failure.epoch, failure.code, failure.message],
  });
  if (row === undefined) return undefined;
  await recordAuditEvent(transaction, {
    actor,
    action: 'export.failed',
    targetType: 'export',
    targetId: id,
    outcome: 'failure',
  });
  return row.age_seconds;
}

async function claimOnce(transaction: TenantTransaction, id: string, claim: Claim): Promise<ClaimResult> {
  const [row] = await transaction.query<ExportRow>({
    operation: 'UPDATE',
    table: 'export_jobs',
    text: `
      UPDATE export_jobs SET epoch = epoch + 1, lease_until = now() + $3 * interval '1 ms', state = 'running',
        started_at = coalesce(started_at, now()), updated_at = now(), version = version + 1
      WHERE tenant_id = $1 AND id = $2 AND state IN ('requested', 'running', 'sealing')
        AND (lease_until IS NULL OR lease_until < now())
      RETURNING epoch, recipient, created_at`,
    values: [transaction.tenantId, id, claim.lease_ms],
  });
  if (row !== undefined) {
    const { epoch, recipient, created_at: createdAt } = row;
    return { outcome: 'claimed', epoch, recipient, created_at: createdAt.toISOString() };
  }
  const { state } = await requireExport(transaction, id);
  if (state === 'ready' || state === 'failed') return { outcome: 'finished', state };
  throw new ConflictError(`Another worker holds export ${id}.`, {
    retryAfterSeconds: await leaseSecondsLeft(transaction, id),
  });
}

async function leaseSecondsLeft(transaction: TenantTransaction, id: string): Promise<number> {
  const [row] = await transaction.query<{ seconds: number | null }>({
    operation: 'SELECT',
    table: 'export_jobs',
    text: `
      SELECT ceil(extract(epoch FROM lease_until - clock_timestamp()))::integer AS seconds FROM export_jobs
      WHERE tenant_id = $1 AND id = $2`,
    values: [transaction.tenantId, id],
  });
  return Math.max(1, row?.seconds ?? 1);
}

function isFinal(row: ExportRow): boolean {
  return row.state === 'ready' || row.state === 'failed';
}

function staleClaim(row: ExportRow, epoch: number): ConflictError {
  return new ConflictError(
    row.epoch === epoch
      ? `Export ${row.id} is ${row.state}: this does not follow from there.`
      : `Epoch ${epoch} of export ${row.id} is over: epoch ${row.epoch} has taken over.`,
  );
}
