import { storeResealed, type Caller } from '@aion/contracts';
import type { BoundRoute } from '@aion/http';
import type { z } from 'zod';
import { recordAuditEvent } from '../audit/record-audit-event.ts';
import { NO_ROW } from '../audit/record-platform-event.ts';
import type { PlatformTransaction, SharedTransaction } from '../database/database.ts';
import type { StoredRoutes } from '../management/bind-stored.ts';
import { countSealedByKey } from './sealed-rows.ts';

type Batch = z.output<NonNullable<typeof storeResealed.body>>;
type Resealed = Batch['resealed'][number];

/** The route that stores what was sealed anew. */
export function createRotationRoutes({ forPlatform }: StoredRoutes): readonly BoundRoute[] {
  return [forPlatform(storeResealed, (transaction, { body, caller }) => storeBatch(transaction, body, caller))];
}

/** All of a batch or nothing, with one event of the platform when anything was done. */
async function storeBatch(transaction: PlatformTransaction, batch: Batch, caller: Caller) {
  const { key_id, failed, next_cursor } = batch;
  let resealed = 0;
  for (const [tenantId, rows] of byTenant(batch.resealed)) {
    resealed +=
      tenantId === null
        ? await storeRows(transaction, rows)
        : await transaction.asTenant(tenantId, (tenant) => storeRows(tenant, rows));
  }
  const counts = await countSealedByKey(transaction);
  const remaining = counts.reduce((sum, { key_id: key, rows }) => (key === key_id ? sum : sum + rows), 0);
  if (resealed > 0) {
    await recordAuditEvent(transaction, {
      ...{ actor: caller.actor, action: 'sealing_keys.rotated' },
      ...{ targetType: 'platform', targetId: NO_ROW, targetPath: key_id },
    });
  }
  return { answer: { key_id, resealed, failed, remaining, next_cursor } };
}

/** In the same order for everyone, so that two who rotate at once wait for each other instead of crosswise. */
function byTenant(rows: readonly Resealed[]): readonly (readonly [string | null, Resealed[]])[] {
  const groups = Map.groupBy(rows, ({ tenant_id }) => tenant_id);
  return [...groups].toSorted(([a], [b]) => ((a ?? '') < (b ?? '') ? -1 : 1));
}

/**
 * Replaces what is sealed, where it is what was read: a row that was changed or sealed anew meanwhile stays as it is now.
 * Its version does not change, since nothing that is shown of it does. Gives how many were replaced.
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
      ...[transaction.tenantId, rows.map(({ id }) => id), rows.map(({ version }) => version)],
      ...[rows.map(({ from_key_id }) => from_key_id), rows.map(({ sealed }) => sealed.key_id)],
      rows.map(({ sealed }) => Buffer.from(sealed.bytes, 'base64url')),
    ],
  });
  return replaced.length;
}
