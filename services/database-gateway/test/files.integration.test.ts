import { internalRoute, routes, internalRoutes } from '@aion/contracts';
import { v7 as uuidv7 } from 'uuid';
import { recordFileDownload } from '../src/files/file-routes.ts';
import { createStrayObjectStore, type StrayObjectStore } from '../src/files/stray-object-store.ts';
import { addMember } from './support/fixtures.ts';
import { createManagement, type CallManagement } from './support/management.ts';
import { createMigratedDatabase, createTestTenant, type MigratedDatabase } from './support/test-database.ts';

const [list, read, remove] = [
  internalRoute(routes.files.list),
  internalRoute(routes.files.get),
  internalRoute(routes.files.delete),
];
const placeHold = internalRoute(routes.legalHolds.place);
const DAY_MS = 86_400_000;

let db: MigratedDatabase;
let call: CallManagement;
let strayObjects: StrayObjectStore;
beforeAll(async () => {
  db = await createMigratedDatabase({ maxConnections: 12 });
  call = createManagement(db.database);
  strayObjects = createStrayObjectStore(db.database);
});
afterAll(() => db.drop());

async function setUp() {
  const tenant = await createTestTenant(db.database);
  const person = await addMember(db.database, tenant);
  const { answer: project } = await call(internalRoute(routes.projects.create), person, { body: { name: 'Project' } });
  return { tenant, person, tenantId: tenant.tenantId, projectId: project.id };
}
type Party = Awaited<ReturnType<typeof setUp>>;

const announce = async ({ tenantId }: Party, removeAfterMs = DAY_MS, projectId: string | null = null) => {
  const object_key = `files/${tenantId}/${uuidv7()}`;
  await strayObjects.announce({
    tenant_id: tenantId,
    object_key,
    project_id: projectId,
    remove_after_ms: removeAfterMs,
  });
  return object_key;
};
const bodyOf = (object_key: string) => ({
  id: uuidv7(),
  object_key,
  content_type: 'text/plain',
  bytes: 5_000_000_000,
  sha256: 'ab'.repeat(32),
});
async function addFile(party: Party, projectId?: string) {
  const object_key = await announce(party);
  const query = { name: 'notes.txt', ...(projectId === undefined ? {} : { project_id: projectId }) };
  const { answer } = await call(internalRoutes.files.store, party.person, { query, body: bodyOf(object_key) });
  return { ...answer, object_key };
}
const straysOf = async ({ tenantId }: Party) =>
  (await db.sql<{ object_key: string }>('SELECT object_key FROM stray_objects WHERE tenant_id = $1', [tenantId])).map(
    (row) => row.object_key,
  );
const actionsOf = async ({ tenantId }: Party) =>
  (
    await db.sql<{ action: string }>(
      `SELECT action FROM audit_events WHERE tenant_id = $1 AND target_type = 'file' ORDER BY seq`,
      [tenantId],
    )
  ).map(({ action }) => action);
/** Claims until the due objects of a tenant are found. */
const claimAll = async ({ tenantId }: Party) =>
  (await strayObjects.claim(1_000)).filter(({ object_key: key }) => key.includes(tenantId));

describe('file', () => {
  it('adopts its announced object, which is no longer a stray object', async () => {
    const party = await setUp();
    const { object_key, ...file } = await addFile(party, party.projectId);
    expect(file).toMatchObject({
      tenant_id: party.tenantId,
      project_id: party.projectId,
      name: 'notes.txt',
      content_type: 'text/plain',
      bytes: 5_000_000_000,
      sha256: 'ab'.repeat(32),
    });
    expect(await straysOf(party)).toEqual([]);
    const params = { file_id: file.id };
    expect((await call(read, party.person, { params })).answer).toEqual(file);
    expect((await call(internalRoutes.files.locate, party.person, { params })).answer).toEqual({ ...file, object_key });
    await db.database.withTenant(party.tenantId, (transaction) =>
      recordFileDownload(transaction, file.id, 'api_key:x'),
    );
    expect(await actionsOf(party)).toEqual(['file.uploaded', 'file.downloaded']);
  });

  it('cannot adopt an object that was not announced, belongs to another file, or was claimed for deletion', async () => {
    const party = await setUp();
    const { object_key } = await addFile(party);
    const claimed = await announce(party, 0);
    expect(await claimAll(party)).toMatchObject([{ object_key: claimed }]);
    for (const key of [`files/${party.tenantId}/${uuidv7()}`, object_key, claimed]) {
      const attempt = call(internalRoutes.files.store, party.person, { query: { name: 'x' }, body: bodyOf(key) });
      await expect(attempt).rejects.toMatchObject({ code: 'CONFLICT' });
    }
    expect(await straysOf(party)).toEqual([claimed]);
  });

  it('leaves its object a stray object when it cannot be stored', async () => {
    const party = await setUp();
    const key = await announce(party);
    const query = { name: 'x', project_id: uuidv7() };
    await expect(call(internalRoutes.files.store, party.person, { query, body: bodyOf(key) })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      param: 'project_id',
    });
    expect(await straysOf(party)).toEqual([key]);
    expect(await actionsOf(party)).toEqual([]);
  });

  it('is stored once for an Idempotency-Key, and the object of the second request stays a stray object', async () => {
    const party = await setUp();
    const caller = { ...party.person, idempotency: { key: 'once', request_sha256: 'cd'.repeat(32) } };
    const [one, two] = [await announce(party), await announce(party)];
    const first = await call(internalRoutes.files.store, caller, { query: { name: 'x' }, body: bodyOf(one) });
    const second = await call(internalRoutes.files.store, caller, { query: { name: 'x' }, body: bodyOf(two) });
    expect(second).toEqual({ ...first, replayed: true });
    expect(await straysOf(party)).toEqual([two]);
  });

  it('is deleted with an event, and its object becomes a due stray object', async () => {
    const party = await setUp();
    const { id, object_key } = await addFile(party);
    const params = { file_id: id };
    expect(await call(remove, party.person, { params })).toMatchObject({ answer: null });
    await expect(call(remove, party.person, { params })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await actionsOf(party)).toEqual(['file.uploaded', 'file.deleted']);
    const [claimed] = await claimAll(party);
    expect(claimed).toMatchObject({ object_key });
    expect(await claimAll(party)).toEqual([]);
    await strayObjects.settle([claimed?.id ?? '']);
    expect(await straysOf(party)).toEqual([]);
  });

  it.each(['file', 'project', 'tenant'] as const)(
    'cannot be deleted while a legal hold on its %s is in force',
    async (scope) => {
      const party = await setUp();
      const { id } = await addFile(party, party.projectId);
      const other = await addFile(party);
      const scope_id = { file: id, project: party.projectId, tenant: party.tenantId }[scope];
      const { answer: hold } = await call(placeHold, party.person, {
        body: { scope: scope, scope_id, ground: 'tax' },
      });
      const params = { file_id: id };
      await expect(call(remove, party.person, { params })).rejects.toMatchObject({
        code: 'CONFLICT',
        message: expect.stringContaining(hold.id),
      });
      expect((await call(read, party.person, { params })).answer.id).toBe(id);
      const otherDeletion = call(remove, party.person, { params: { file_id: other.id } }).then(() => 'deleted');
      if (scope === 'tenant') await expect(otherDeletion).rejects.toMatchObject({ code: 'CONFLICT' });
      else expect(await otherDeletion).toBe('deleted');
      await call(internalRoute(routes.legalHolds.requestRelease), party.person, { params: { hold_id: hold.id } });
      const second = await addMember(db.database, party.tenant);
      await call(internalRoute(routes.legalHolds.release), second, { params: { hold_id: hold.id } });
      expect(await call(remove, party.person, { params })).toMatchObject({ answer: null });
    },
  );

  it('is either held or deleted when both are requested concurrently', async () => {
    for (let round = 0; round < 8; round += 1) {
      const party = await setUp();
      const { id } = await addFile(party);
      const [held, deleted] = await Promise.allSettled([
        call(placeHold, party.person, { body: { scope: 'file', scope_id: id, ground: 'tax' } }),
        call(remove, party.person, { params: { file_id: id } }),
      ]);
      expect([held.status, deleted.status].toSorted()).toEqual(['fulfilled', 'rejected']);
    }
  });

  it('is listed by project, name and page, and is not visible to another tenant', async () => {
    const [party, stranger] = [await setUp(), await setUp()];
    const one = await addFile(party, party.projectId);
    const two = await addFile(party);
    const idsOf = async (query: object, of = party) =>
      (await call(list, of.person, { query })).answer.data.map(({ id }) => id);
    expect(await idsOf({})).toEqual([two.id, one.id]);
    expect(await idsOf({ order: 'asc' })).toEqual([one.id, two.id]);
    expect(await idsOf({ project_id: party.projectId })).toEqual([one.id]);
    expect(await idsOf({ name: 'notes.txt' })).toEqual([two.id, one.id]);
    expect(await idsOf({ name: 'notes.txt', order: 'asc', limit: 1 })).toEqual([one.id]);
    expect(await idsOf({ name: 'notes' })).toEqual([]);
    const { answer } = await call(list, party.person, { query: { limit: 1 } });
    expect(await idsOf({ limit: 1, cursor: answer.next_cursor })).toEqual([one.id]);
    expect(await idsOf({}, stranger)).toEqual([]);
    const params = { file_id: one.id };
    const missing = { code: 'NOT_FOUND', message: `There is no file ${one.id}.` };
    for (const route of [read, internalRoutes.files.locate, remove]) {
      await expect(call(route, stranger.person, { params })).rejects.toMatchObject(missing);
    }
    const foreign = await announce(party);
    const theft = call(internalRoutes.files.store, stranger.person, { query: { name: 'x' }, body: bodyOf(foreign) });
    await expect(theft).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});

describe('announced object', () => {
  it('is due when its time has passed, or immediately when abandoned, unless a file has adopted it', async () => {
    const party = await setUp();
    const { object_key } = await addFile(party);
    const [abandoned, waiting] = [await announce(party), await announce(party)];
    for (const key of [abandoned, object_key])
      await strayObjects.abandon({ tenant_id: party.tenantId, object_key: key });
    expect((await claimAll(party)).map((each) => each.object_key)).toEqual([abandoned]);
    expect((await straysOf(party)).toSorted()).toEqual([abandoned, waiting].toSorted());
    await db.sql(`UPDATE stray_objects SET due_at = now() WHERE object_key = $1`, [waiting]);
    const claims = await Promise.all([claimAll(party), claimAll(party), claimAll(party)]);
    expect(claims.flat().map((each) => each.object_key)).toEqual([waiting]);
  });

  it('requires an existing tenant and project, and is settled only after a claim', async () => {
    const party = await setUp();
    const stranger = await setUp();
    const nobody = { ...party, tenantId: uuidv7() };
    await expect(announce(nobody)).rejects.toMatchObject({ code: 'NOT_FOUND', param: 'tenant_id' });
    await expect(announce(party, 0, stranger.projectId)).rejects.toMatchObject({ param: 'project_id' });
    const key = await announce(party, DAY_MS, party.projectId);
    const [row] = await db.sql<{ id: string }>('SELECT id FROM stray_objects WHERE object_key = $1', [key]);
    await strayObjects.settle([row?.id ?? '']);
    expect(await straysOf(party)).toEqual([key]);
  });
});
