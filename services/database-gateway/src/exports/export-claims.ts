import type { internalRoutes, AnswerOf, BodyOf } from '@aion/contracts';
import { ConflictError } from '@aion/errors';
import { recordAuditEvent } from '../audit/record-audit-event.ts';
import type { Database, TenantTransaction } from '../database/database.ts';
import type { OnExportEnd } from './count-export-ends.ts';
import {
  acquireLease,
  insertBundleFiles,
  readLeaseSecondsLeft,
  updateLease,
  updateToFailed,
  updateToReady,
  type ExportFailure,
} from './export-lease-store.ts';
import type { ExportRow } from './export-row.ts';
import { requireExport } from './export-store.ts';

type Claim = BodyOf<typeof internalRoutes.exports.claim> & { readonly tenant_id: string };
type ClaimResult = AnswerOf<typeof internalRoutes.exports.claim>;
type Renewal = BodyOf<typeof internalRoutes.exports.renew> & { readonly tenant_id: string };
type Completion = BodyOf<typeof internalRoutes.exports.complete> & { readonly tenant_id: string };
type Failure = BodyOf<typeof internalRoutes.exports.fail> & { readonly tenant_id: string };

/**
 * Operations of workers on exports. A claim increments the fencing token (column `epoch`); every write contains a token
 * and is rejected with ConflictError once a newer claim exists, so that a worker that was considered dead and resumes
 * changes nothing.
 */
export interface ExportClaims {
  /** @throws NotFoundError; ConflictError with the time to wait while another worker has the lease */
  claim(id: string, claim: Claim): Promise<ClaimResult>;
  /** @throws ConflictError unless the fencing token is the current one of an unfinished export */
  check(tenantId: string, id: string, epoch: number): Promise<void>;
  /** Extends the lease and stores the progress. */
  renew(id: string, renewal: Renewal): Promise<void>;
  /** Commits files, state and audit event in one transaction. A repetition changes nothing. */
  complete(id: string, completion: Completion, actor: string): Promise<void>;
  /** Ends the export with a reason. A repetition changes nothing. */
  fail(id: string, failure: Failure, actor: string): Promise<void>;
}

/** Creates the operations of workers on exports. */
export function createExportClaims(database: Database, onEnd: OnExportEnd = () => undefined): ExportClaims {
  return {
    claim: (id, claim) => database.withTenant(claim.tenant_id, (transaction) => claimExport(transaction, id, claim)),
    check: (tenantId, id, epoch) =>
      database.withTenant(tenantId, async (transaction) => {
        const row = await requireExport(transaction, id);
        if (row.epoch !== epoch || isFinal(row)) throw toStaleClaimError(row, epoch);
      }),
    renew: (id, renewal) =>
      database.withTenant(renewal.tenant_id, async (transaction) => {
        if (await updateLease(transaction, id, renewal)) return;
        throw toStaleClaimError(await requireExport(transaction, id), renewal.epoch);
      }),
    complete: async (id, completion, actor) => {
      const ageSeconds = await database.withTenant(completion.tenant_id, async (transaction) => {
        const age = await updateToReady(transaction, id, completion);
        if (age === undefined) {
          const row = await requireExport(transaction, id);
          if (row.state === 'ready' && row.epoch === completion.epoch) return undefined;
          throw toStaleClaimError(row, completion.epoch);
        }
        await insertBundleFiles(transaction, id, completion);
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
        throw toStaleClaimError(row, failure.epoch);
      });
      if (ageSeconds !== undefined) onEnd({ outcome: 'failed', code: failure.code, ageSeconds });
    },
  };
}

/**
 * Moves an unfinished export to `failed`, with an audit event.
 * @returns the seconds since its request; undefined when it is finished or its fencing token is another one
 */
export async function failUnfinished(
  transaction: TenantTransaction,
  id: string,
  failure: ExportFailure,
  actor: string,
): Promise<number | undefined> {
  const ageSeconds = await updateToFailed(transaction, id, failure);
  if (ageSeconds === undefined) return undefined;
  await recordAuditEvent(transaction, {
    actor,
    action: 'export.failed',
    targetType: 'export',
    targetId: id,
    outcome: 'failure',
  });
  return ageSeconds;
}

async function claimExport(transaction: TenantTransaction, id: string, claim: Claim): Promise<ClaimResult> {
  const row = await acquireLease(transaction, id, claim.lease_ms);
  if (row !== undefined) {
    const { epoch, recipient, created_at: createdAt } = row;
    return { outcome: 'claimed', epoch, recipient, created_at: createdAt.toISOString() };
  }
  const { state } = await requireExport(transaction, id);
  if (state === 'ready' || state === 'failed') return { outcome: 'finished', state };
  throw new ConflictError(`Another worker has the lease of export ${id}.`, {
    retryAfterSeconds: await readLeaseSecondsLeft(transaction, id),
  });
}

function isFinal(row: ExportRow): boolean {
  return row.state === 'ready' || row.state === 'failed';
}

function toStaleClaimError(row: ExportRow, epoch: number): ConflictError {
  return new ConflictError(
    row.epoch === epoch
      ? `Export ${row.id} is ${row.state}: this operation is not possible in that state.`
      : `Fencing token ${epoch} of export ${row.id} is stale: the current one is ${row.epoch}.`,
  );
}
