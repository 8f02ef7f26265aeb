import { type Caller, type EncryptedRow, internalRoutes } from '@aion/contracts';
import { waitFor } from '@aion/testkit';
import { v7 as uuidv7 } from 'uuid';
import { countEncryptedByKey, listEncryptedRows } from '../src/providers/encrypted-row-store.ts';
import { createManagement, operatorFor, type CallManagement } from './support/management.ts';
import { createMigratedDatabase, createTestTenant, type MigratedDatabase } from './support/test-database.ts';

const FORMER = 'aa'.repeat(8);
const CURRENT = 'bb'.repeat(8);
const platform = operatorFor(null);

let db: MigratedDatabase;
let call: CallManagement;
let owners: readonly Caller[];
beforeEach(async () => {
  db = await createMigratedDatabase();
  call = createManagement(db.database);
  const tenants = [await createTestTenant(db.database), await createTestTenant(db.database)];
  owners = [platform, ...tenants.map(({ tenantId }) => operatorFor(tenantId))];
});
afterEach(() => db.drop());

const encryptedAs = (text: string, key_id: string) => {
  return { key_id, bytes: Buffer.from(text.padEnd(40)).toString('base64url') };
};
async function create(caller: Caller, keyId: string | null = FORMER): Promise<string> {
  const id = uuidv7();
  const body = { id, name: `p${id}`, kind: 'anthropic' as const };
  const sealed_credentials = keyId === null ? null : encryptedAs('old', keyId);
  await call(internalRoutes.providers.store, caller, { body: { ...body, sealed_credentials } });
  return id;
}
const list = (after?: string) => listEncryptedRows(db.database, { keyId: CURRENT, after });
const reencrypt = ({ sealed, ...row }: EncryptedRow) => {
  return { ...row, from_key_id: sealed.key_id, sealed: encryptedAs('new', CURRENT) };
};
const store = (rows: readonly EncryptedRow[], caller = platform) =>
  call(internalRoutes.sealingKeys.storeRotatedRows, caller, {
    body: { key_id: CURRENT, resealed: rows.map(reencrypt), failed: [], next_cursor: null },
  });
const contents = async () => {
  const rows = await db.sql<{ id: string; credentials: Buffer; key_id: string; version: number }>(
    'SELECT id, credentials, key_id, version::int FROM provider_configs WHERE credentials IS NOT NULL ORDER BY id',
  );
  return rows.map(({ id, credentials, key_id, version }) => {
    return { id, text: credentials.toString().trimEnd(), key_id, version };
  });
};
const countEvents = () =>
  db.sql(
    `SELECT actor, tenant_id, target_path FROM audit_events WHERE action = 'sealing_keys.rotated' AND target_type = 'platform'`,
  );

describe('rotation of encryption keys', () => {
  it('lists only rows encrypted with other keys, of all tenants and the platform, a hundred at a time', async () => {
    await create(platform, CURRENT);
    await create(platform, null);
    const ids: string[] = [];
    for (let at = 0; at < 105; at += 1) ids.push(await create(owners[at % 3]!));
    // A row that was updated is the last in the table, and still the first by its id.
    await db.sql('UPDATE provider_configs SET enabled = enabled WHERE id = $1', [ids[0]]);
    const first = await list();
    const second = await list(first.at(-1)?.id);
    expect([...first, ...second].map(({ id }) => id)).toEqual(ids);
    expect(first).toHaveLength(100);
    expect(await list(ids.at(-1))).toEqual([]);
    expect(new Set(first.map(({ tenant_id }) => tenant_id))).toEqual(new Set(owners.map((owner) => owner.tenant_id)));
    expect(first[0]).toMatchObject({ version: 1, sealed: encryptedAs('old', FORMER) });
    const counts = await countEncryptedByKey(db.database);
    expect(counts.toSorted((a, b) => a.rows - b.rows)).toEqual([
      { key_id: CURRENT, rows: 1 },
      { key_id: FORMER, rows: 105 },
    ]);
  });

  it('replaces encrypted credentials and no visible field, with one platform event', async () => {
    for (const owner of owners) await create(owner);
    const rows = await list();
    const { answer } = await store(rows.slice(0, 2));
    expect(answer).toEqual({ key_id: CURRENT, resealed: 2, failed: [], remaining: 1, next_cursor: null });
    expect((await contents()).map(({ text, key_id, version }) => [text, key_id, version])).toEqual([
      ['new', CURRENT, 1],
      ['new', CURRENT, 1],
      ['old', FORMER, 1],
    ]);
    expect(await countEvents()).toEqual([{ actor: platform.actor, tenant_id: null, target_path: CURRENT }]);
  });

  it('changes nothing when the same batch is stored again, and reports zero rows', async () => {
    for (const owner of owners) await create(owner);
    const rows = await list();
    await store(rows);
    expect((await store(rows)).answer).toMatchObject({ resealed: 0, remaining: 0 });
    expect((await store([])).answer).toMatchObject({ resealed: 0, remaining: 0 });
    expect(await countEvents()).toHaveLength(1);
  });

  it('never overwrites a row that was changed or deleted since it was read', async () => {
    const [changed, renamed, removed] = [await create(owners[1]!), await create(owners[1]!), await create(owners[1]!)];
    const rows = await list();
    const change = (id: string, body: object) =>
      call(internalRoutes.providers.storeChange, owners[1]!, { params: { provider_id: id }, body });
    await change(changed, { sealed_credentials: encryptedAs('theirs', CURRENT) });
    await change(renamed, { name: 'renamed' });
    await db.sql('DELETE FROM provider_configs WHERE id = $1', [removed]);
    expect((await store(rows)).answer).toMatchObject({ resealed: 0, remaining: 1 });
    expect((await contents()).map(({ text }) => text)).toEqual(['theirs', 'old']);
    expect((await store(await list())).answer).toMatchObject({ resealed: 1, remaining: 0 });
  });

  it('waits for a concurrent change of a row and keeps that change', async () => {
    const id = await create(owners[1]!);
    const rows = await list();
    let finish = (): void => undefined;
    const held = new Promise<void>((resolve) => (finish = resolve));
    const changing = db.database.withTenant(owners[1]!.tenant_id!, async (transaction) => {
      await transaction.query({
        table: 'provider_configs',
        text: `UPDATE provider_configs SET credentials = $3, version = version + 1 WHERE tenant_id = $1 AND id = $2`,
        values: [transaction.tenantId, id, Buffer.from('theirs'.padEnd(40))],
      });
      await held;
    });
    const storing = store(rows);
    // The rotation waits for the row lock before the change is committed.
    const waiting = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    await waitFor(async () => (await db.sql(waiting)).length > 0, { describe: 'the rotation to wait', intervalMs: 5 });
    finish();
    await changing;
    expect((await storing).answer).toMatchObject({ resealed: 0, remaining: 1 });
    expect((await contents()).map(({ text }) => text)).toEqual(['theirs']);
  });

  it('re-encrypts each row once when several rotations run concurrently', async () => {
    for (let at = 0; at < 30; at += 1) await create(owners[at % 3]!);
    const rows = await list();
    const attempts = await Promise.all([rows, rows.toReversed(), rows, rows.toReversed()].map((some) => store(some)));
    expect(attempts.reduce((sum, { answer }) => sum + answer.resealed, 0)).toBe(30);
    expect((await contents()).every(({ key_id }) => key_id === CURRENT)).toBe(true);
  });

  it('stores a row for its own tenant only', async () => {
    await create(owners[1]!);
    const rows = await list();
    const moved = rows.map((row) => ({ ...row, tenant_id: owners[2]!.tenant_id }));
    expect((await store(moved)).answer.resealed).toBe(0);
    expect((await store(rows.map((row) => ({ ...row, tenant_id: null })))).answer.resealed).toBe(0);
    expect((await contents()).map(({ text }) => text)).toEqual(['old']);
  });

  it('rolls back the complete batch when one row fails', async () => {
    await create(platform);
    await create(owners[1]!);
    const rows = await list();
    await db.sql(`ALTER TABLE provider_configs ADD CHECK (tenant_id IS NULL OR key_id <> '${CURRENT}')`);
    await expect(store(rows)).rejects.toThrow();
    expect((await contents()).map(({ key_id }) => key_id)).toEqual([FORMER, FORMER]);
    expect(await countEvents()).toEqual([]);
  });
});
