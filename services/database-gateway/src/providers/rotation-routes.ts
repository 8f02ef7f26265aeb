import { internalRoutes, type BodyOf, type Caller } from '@aion/contracts';
import type { BoundRoute } from '@aion/http';
import { recordAuditEvent } from '../audit/record-audit-event.ts';
import { NO_ROW } from '../audit/record-platform-event.ts';
import type { PlatformTransaction } from '../database/database.ts';
import type { RouteBinder } from '../management/route-binder.ts';
import { countEncryptedByKey, replaceCredentials, type ReencryptedRow } from './encrypted-row-store.ts';

type Batch = BodyOf<typeof internalRoutes.sealingKeys.storeRotatedRows>;

/** Creates the route that stores re-encrypted credentials. */
export function createRotationRoutes({ forPlatform }: RouteBinder): readonly BoundRoute[] {
  return [
    forPlatform(internalRoutes.sealingKeys.storeRotatedRows, (transaction, { body, caller }) =>
      storeBatch(transaction, body, caller),
    ),
  ];
}

/** Stores a complete batch or nothing, with one platform event when any row was replaced. */
async function storeBatch(transaction: PlatformTransaction, batch: Batch, caller: Caller) {
  const { key_id, failed, next_cursor } = batch;
  let resealed = 0;
  for (const [tenantId, rows] of groupByTenant(batch.resealed)) {
    resealed +=
      tenantId === null
        ? await replaceCredentials(transaction, rows)
        : await transaction.asTenant(tenantId, (tenant) => replaceCredentials(tenant, rows));
  }
  const counts = await countEncryptedByKey(transaction);
  const remaining = counts.reduce((sum, { key_id: key, rows }) => (key === key_id ? sum : sum + rows), 0);
  if (resealed > 0) {
    await recordAuditEvent(transaction, {
      actor: caller.actor,
      action: 'sealing_keys.rotated',
      targetType: 'platform',
      targetId: NO_ROW,
      targetPath: key_id,
    });
  }
  return { answer: { key_id, resealed, failed, remaining, next_cursor } };
}

/** Groups rows by tenant in one fixed order, so that concurrent rotations wait for each other instead of deadlocking. */
function groupByTenant(
  rows: readonly ReencryptedRow[],
): readonly (readonly [tenantId: string | null, rows: ReencryptedRow[]])[] {
  const groups = Map.groupBy(rows, ({ tenant_id }) => tenant_id);
  return [...groups].toSorted(([a], [b]) => ((a ?? '') < (b ?? '') ? -1 : 1));
}
