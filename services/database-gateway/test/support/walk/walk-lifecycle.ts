import { internalRoute, type Caller, routes, internalRoutes } from '@aion/contracts';
import { v7 as uuidv7 } from 'uuid';
import type { StrayObjectStore } from '../../../src/files/stray-object-store.ts';
import { expectConflict, readInBothOrders, type Walker } from './walker.ts';

/** Stores of uploads and of downloads of files. */
export interface FileStores {
  readonly strayObjects: Pick<StrayObjectStore, 'announce' | 'abandon'>;
  readonly downloads: { record(tenantId: string, fileId: string, actor: string): Promise<void> };
}

/** Calls the routes of retention, legal holds, files and audit events. */
export async function walkLifecycle(walker: Walker, stores: FileStores, ids: Ids): Promise<void> {
  await walkRetention(walker);
  await walkHolds(walker, ids);
  await walkFiles(walker, stores, ids.projectId);
  await walkAudit(walker);
}

interface Ids {
  readonly projectId: string;
  readonly userId: string;
  readonly generationId: string;
}

async function walkRetention({ call, owner }: Walker): Promise<void> {
  const list = internalRoute(routes.retentionPolicies.list);
  const body = { retention_class: 'content' as const, keep_days: 30 };
  await call(internalRoute(routes.retentionPolicies.create), owner, { body });
  await call(internalRoute(routes.retentionPolicies.getCurrent), owner);
  await readInBothOrders((query) => call(list, owner, { query }));
  await call(list, owner, { query: { retention_class: 'content' } });
}

async function walkHolds({ call, owner, operator, tenantId, keyId }: Walker, ids: Ids): Promise<void> {
  const [place, list] = [internalRoute(routes.legalHolds.place), internalRoute(routes.legalHolds.list)];
  const subjects = [
    { scope: 'tenant', scope_id: tenantId } as const,
    { scope: 'project', scope_id: ids.projectId } as const,
    { scope: 'user', scope_id: ids.userId } as const,
    { scope: 'api_key', scope_id: keyId } as const,
    { scope: 'generation', scope_id: ids.generationId } as const,
  ];
  const person = { email: `${uuidv7()}@example.com`, name: 'Owner', role: 'owner' as const };
  const { answer: partner } = await call(internalRoute(routes.users.create), owner, { body: person });
  const asker = { ...owner, person_id: partner.id };
  for (const subject of subjects) {
    const body = { ...subject, ground: 'litigation' as const };
    const { answer: hold } = await call(place, owner, { body });
    const params = { hold_id: hold.id };
    await call(internalRoute(routes.legalHolds.get), owner, { params });
    // Rejected without a prior request; then a member of the tenant requests it.
    await call(internalRoute(routes.legalHolds.requestRelease), owner, { params });
    await expectConflict(call(internalRoute(routes.legalHolds.release), operator, { params }));
    await call(internalRoute(routes.legalHolds.requestRelease), asker, { params });
    await call(internalRoute(routes.legalHolds.release), operator, { params });
  }
  await readInBothOrders((query) => call(list, owner, { query }));
  await call(list, owner, { query: { in_force: 'true', scope: 'tenant', scope_id: tenantId } });
}

async function walkFiles(
  { call, owner, tenantId }: Walker,
  { strayObjects, downloads }: FileStores,
  project_id: string,
) {
  const list = internalRoute(routes.files.list);
  const announce = async () => {
    const object_key = `files/${tenantId}/${uuidv7()}`;
    await strayObjects.announce({ tenant_id: tenantId, object_key, project_id, remove_after_ms: 60_000 });
    return object_key;
  };
  await strayObjects.abandon({ tenant_id: tenantId, object_key: await announce() });
  const body = { content_type: 'text/plain', bytes: 1, sha256: 'ab'.repeat(32), object_key: await announce() };
  const query = { name: 'notes.txt', project_id };
  const { answer: file } = await call(internalRoutes.files.store, owner, { query, body: { ...body, id: uuidv7() } });
  const params = { file_id: file.id };
  await call(internalRoute(routes.files.get), owner, { params });
  await call(internalRoutes.files.locate, owner, { params });
  await downloads.record(tenantId, file.id, owner.actor);
  await holdFile({ call, owner }, file.id);
  await readInBothOrders((page) => call(list, owner, { query: page }));
  await call(list, owner, { query: { project_id } });
  const { answer: deleted } = await call(internalRoutes.files.store, owner, {
    query,
    body: { ...body, id: uuidv7(), object_key: await announce() },
  });
  await call(internalRoute(routes.files.delete), owner, { params: { file_id: deleted.id } });
}

async function holdFile({ call, owner }: Pick<Walker, 'call' | 'owner'>, scope_id: string): Promise<void> {
  await call(internalRoute(routes.legalHolds.place), owner, { body: { scope: 'file', scope_id, ground: 'contract' } });
}

async function walkAudit({ call, owner }: Walker): Promise<void> {
  const list = internalRoute(routes.auditEvents.list);
  const ask = (caller: Caller, query: object) => call(list, caller, { query });
  await readInBothOrders((query) => ask(owner, query));
  await ask(owner, { from: '2026-01-01T00:00:00Z', to: '2099-01-01T00:00:00Z' });
  await ask(owner, { outcome: 'success' });
}
