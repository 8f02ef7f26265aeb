import { type Caller, internalRoutes, type BodyOf } from '@aion/contracts';
import type { BoundRoute } from '@aion/http';
import { recordAuditEvent } from '../audit/record-audit-event.ts';
import { NO_ROW } from '../audit/record-platform-event.ts';
import type { PlatformTransaction, SharedTransaction } from '../database/database.ts';
import type { RouteBinder } from '../management/route-binder.ts';
import { countEncryptedByKey } from './encrypted-rows.ts';

type Batch = BodyOf<typeof internalRoutes.sealingKeys.storeRotatedRows>;
type Resealed = Batch['resealed'][number];

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
        ? await storeRows(transaction, rows)
        : await transaction.asTenant(tenantId, (tenant) => storeRows(tenant, rows));
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
function groupByTenant(rows: readonly Resealed[]): readonly (readonly [string | null, Resealed[]])[] {
  const groups = Map.groupBy(rows, ({ tenant_id }) => tenant_id);
  return [...groups].toSorted(([a], [b]) => ((a ?? '') < (b ?? '') ? -1 : 1));
}

/**
 * Replaces encrypted credentials that are still the ones that were read: a row that was changed or re-encrypted in the
 * meantime stays as it is. The version does not change, since nothing visible of the row does. Returns the number of
 * replaced rows.
 */
async function storeRows(transaction: SharedTransaction, rows: readonly Resealed[]): Promise<number> {
  const replaced = await transaction.query({
    operation: 'UPDATE',
    table: 'provider_configs',
    text: `
      UPDATE provider_configs p SET credentials = r.credentials, key_id = r.key_id
      FROM unnest($2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::bytea[])
        AS r (id, version, from_key_id, key_id, credentials)
      WHERE p.tenant_id IS NOT DISTINCT FROM $1 AND p.id = r.id AND p.version = r.version AND p.key_id = r.from_key_id
      RETURNING p.id`,
    values: [
      transaction.tenantId,
      rows.map(({ id }) => id),
      rows.map(({ version }) => version),
      rows.map(({ from_key_id }) => from_key_id),
      rows.map(({ sealed }) => sealed.key_id),
      rows.map(({ sealed }) => Buffer.from(sealed.bytes, 'base64url')),
    ],
  });
  return replaced.length;
}
