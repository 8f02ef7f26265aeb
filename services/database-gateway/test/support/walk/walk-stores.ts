import { internalRoute, routes, internalRoutes } from '@aion/contracts';
import { v7 as uuidv7 } from 'uuid';
import { planExport } from '../../../src/data-map/export-plan.ts';
import { FILES, newGeneration, newSettlement, NO_PROGRESS, RECIPIENT } from '../fixtures.ts';
import { readHead, readRows } from '../streams.ts';
import type { TenantStores } from './tenant-stores.ts';
import { expectConflict, readInBothOrders, type Walker } from './walker.ts';

/** Opens and settles a generation with content; returns its id. */
export async function walkGeneration({ tenantId, keyId }: Walker, { generations }: TenantStores): Promise<string> {
  const id = uuidv7();
  await generations.open(id, newGeneration({ tenantId, keyId }));
  // The second settlement finds it settled.
  for (let times = 0; times < 2; times += 1) await generations.settle(id, newSettlement(tenantId));
  return id;
}

/** Completes one export and fails another, with all operations of workers and downloads. */
export async function walkExports(walker: Walker, stores: TenantStores): Promise<void> {
  const { call, owner, tenantId: tenant_id } = walker;
  const { claims, exports } = stores;
  const [request, list] = [internalRoute(routes.exports.create), internalRoute(routes.exports.list)];
  const claimNew = async () => {
    const { answer } = await call(request, owner, { body: { recipient: RECIPIENT } });
    const claim = await claims.claim(answer.id, { tenant_id, lease_ms: 60_000 });
    if (claim.outcome !== 'claimed') throw new Error('the export was not claimed');
    return { id: answer.id, epoch: claim.epoch };
  };
  const { id, epoch } = await claimNew();
  // It is unfinished and its lease is valid.
  await expectConflict(call(request, owner, { body: { recipient: RECIPIENT } }));
  await expectConflict(claims.claim(id, { tenant_id, lease_ms: 1_000 }));
  await claims.check(tenant_id, id, epoch);
  await claims.renew(id, { tenant_id, epoch, lease_ms: 60_000, state: 'sealing', progress: NO_PROGRESS });
  await claims.complete(id, { tenant_id, epoch, manifest_sha256: 'ab'.repeat(32), rows: 9, files: FILES }, 'test');
  const failing = await claimNew();
  await claims.fail(failing.id, { tenant_id, epoch: failing.epoch, code: 'x', message: 'x' }, 'test');
  await call(internalRoute(routes.exports.get), owner, { params: { export_id: id } });
  await call(internalRoutes.exports.storeDownloadLinks, owner, { params: { export_id: id } });
  await readInBothOrders((query) => call(list, owner, { query }));
  await call(list, owner, { query: { state: 'ready' } });
  await exports.readFiles(tenant_id, id);
  await exports.recordDownload(id, { tenant_id, actor: 'signed-url', path: null });
}

/** Reads all data of a snapshot of the tenant as text. */
export async function readSnapshot({ snapshots }: Pick<TenantStores, 'snapshots'>, tenantId: string) {
  const closing = new AbortController();
  try {
    const { head } = await readHead(await snapshots.open(tenantId, closing.signal));
    const rows: string[] = [];
    for (const { name: table } of planExport().tables) {
      const request = { tenantId, snapshotId: head.snapshot_id, table };
      rows.push(...(await readRows(await snapshots.readRows(request, closing.signal))));
    }
    return { head, rows };
  } finally {
    closing.abort(new Error('read'));
  }
}

/** Runs the queries of the audit verifier, records uses of keys, and releases a dead-lettered row. */
export async function walkTrail({ tenantId, keyId }: Walker, stores: TenantStores, parkedId: string): Promise<void> {
  const { trail, parked, keyUses } = stores;
  const chain = (await trail.listChains()).find((each) => each.tenantId === tenantId);
  const seq = chain?.seq ?? 0;
  const page = { after: BigInt(Math.max(0, seq - 100)), limit: 100 };
  for (const until of [BigInt(seq), null]) await trail.readEvents(tenantId, { ...page, until });
  const checkpoint = { hash: Buffer.alloc(32, 1), signature: Buffer.alloc(64), keyId: 'k1' };
  await trail.storeCheckpoint({ tenant_id: tenantId, seq, ...checkpoint });
  await trail.readCheckpoints(tenantId, page);
  await trail.countAnnouncedErasures(tenantId);
  for (const accepted of [true, false]) await keyUses.record(tenantId, keyId, accepted);
  await parked.release(tenantId, parkedId);
}
