import { storeProvider, storeProviderChange, storeResealed, type Caller, type SealedRow } from '@aion/contracts';
import { waitFor } from '@aion/testkit';
import { v7 as uuidv7 } from 'uuid';
import { countSealedByKey, listSealedRows } from '../src/providers/sealed-rows.ts';
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

const sealedAs = (text: string, key_id: string) => ({
  ...{ key_id, bytes: Buffer.from(text.padEnd(40)).toString('base64url') },
});
async function create(caller: Caller, keyId: string | null = FORMER): Promise<string> {
  const id = uuidv7();
  const body = { id, name: `p${id}`, kind: 'anthropic' as const };
  const sealed_credentials = keyId === null ? null : sealedAs('old', keyId);
  await call(storeProvider, caller, { body: { ...body, sealed_credentials } });
  return id;
}
const list = (after?: string) => listSealedRows(db.database, { keyId: CURRENT, after });
const anew = ({ sealed, ...row }: SealedRow) => ({
  ...{ ...row, from_key_id: sealed.key_id, sealed: sealedAs('new', CURRENT) },
});
const store = (rows: readonly SealedRow[], caller = platform) =>
  call(storeResealed, caller, {
    body: { key_id: CURRENT, resealed: rows.map(anew), failed: [], next_cursor: null },
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

describe('the rotation of sealing keys', () => {
  it('finds what other keys have sealed, of everyone, a hundred at a time, and nothing else', async () => {
    await create(platform, CURRENT);
    await create(platform, null);
    const ids: string[] = [];
    for (let at = 0; at < 105; at += 1) ids.push(await create(owners[at % 3]!));
    // A row that was written again is the last in the table, and still the first by its id.
    await db.sql('UPDATE provider_configs SET enabled = enabled WHERE id = $1', [ids[0]]);
    const first = await list();
    const second = await list(first.at(-1)?.id);
    expect([...first, ...second].map(({ id }) => id)).toEqual(ids);
    expect(first).toHaveLength(100);
    expect(await list(ids.at(-1))).toEqual([]);
    expect(new Set(first.map(({ tenant_id }) => tenant_id))).toEqual(new Set(owners.map((owner) => owner.tenant_id)));
    expect(first[0]).toMatchObject({ version: 1, sealed: sealedAs('old', FORMER) });
    const counts = await countSealedByKey(db.database);
    expect(counts.toSorted((a, b) => a.rows - b.rows)).toEqual([
      { key_id: CURRENT, rows: 1 },
      { key_id: FORMER, rows: 105 },
    ]);
  });

  it('replaces what is sealed and nothing that is shown, with one event of the platform', async () => {
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

  it('does nothing a second time, and says so', async () => {
    for (const owner of owners) await create(owner);
    const rows = await list();
    await store(rows);
    expect((await store(rows)).answer).toMatchObject({ resealed: 0, remaining: 0 });
    expect((await store([])).answer).toMatchObject({ resealed: 0, remaining: 0 });
    expect(await countEvents()).toHaveLength(1);
  });

  it('never overwrites what was changed or deleted since it was read', async () => {
    const [changed, renamed, removed] = [await create(owners[1]!), await create(owners[1]!), await create(owners[1]!)];
    const rows = await list();
    const change = (id: string, body: object) =>
      call(storeProviderChange, owners[1]!, { params: { provider_id: id }, body });
    await change(changed, { sealed_credentials: sealedAs('theirs', CURRENT) });
    await change(renamed, { name: 'renamed' });
    await db.sql('DELETE FROM provider_configs WHERE id = $1', [removed]);
    expect((await store(rows)).answer).toMatchObject({ resealed: 0, remaining: 1 });
    expect((await contents()).map(({ text }) => text)).toEqual(['theirs', 'old']);
    expect((await store(await list())).answer).toMatchObject({ resealed: 1, remaining: 0 });
  });

  it('waits for a change that is under way, and leaves it', async () => {
    const id = await create(owners[1]!);
    const rows = await list();
    let finish = (): void => undefined;
    const held = new Promise<void>((resolve) => (finish = resolve));
    const changing = db.database.withTenant(owners[1]!.tenant_id!, async (transaction) => {
      await transaction.query({
        operation: 'UPDATE',
        table: 'provider_configs',
        text: `UPDATE provider_configs SET credentials = $3, version = version + 1 WHERE tenant_id = $1 AND id = $2`,
        values: [transaction.tenantId, id, Buffer.from('theirs'.padEnd(40))],
      });
      await held;
    });
    const storing = store(rows);
    // It stands at the lock of the row before the change is committed.
    const waiting = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    await waitFor(async () => (await db.sql(waiting)).length > 0, { describe: 'the rotation to wait', intervalMs: 5 });
    finish();
    await changing;
    expect((await storing).answer).toMatchObject({ resealed: 0, remaining: 1 });
    expect((await contents()).map(({ text }) => text)).toEqual(['theirs']);
  });

  it('may be done by several at once: each row is sealed anew once', async () => {
    for (let at = 0; at < 30; at += 1) await create(owners[at % 3]!);
    const rows = await list();
    const attempts = await Promise.all([rows, rows.toReversed(), rows, rows.toReversed()].map((some) => store(some)));
    expect(attempts.reduce((sum, { answer }) => sum + answer.resealed, 0)).toBe(30);
    expect((await contents()).every(({ key_id }) => key_id === CURRENT)).toBe(true);
  });

  it('writes a row in the name of its own tenant only', async () => {
    await create(owners[1]!);
    const rows = await list();
    const moved = rows.map((row) => ({ ...row, tenant_id: owners[2]!.tenant_id }));
    expect((await store(moved)).answer.resealed).toBe(0);
    expect((await store(rows.map((row) => ({ ...row, tenant_id: null })))).answer.resealed).toBe(0);
    expect((await contents()).map(({ text }) => text)).toEqual(['old']);
  });

  it('undoes all of a batch that fails', async () => {
    await create(platform);
    await create(owners[1]!);
    const rows = await list();
    await db.sql(`ALTER TABLE provider_configs ADD CHECK (tenant_id IS NULL OR key_id <> '${CURRENT}')`);
    await expect(store(rows)).rejects.toThrow();
    expect((await contents()).map(({ key_id }) => key_id)).toEqual([FORMER, FORMER]);
    expect(await countEvents()).toEqual([]);
  });
});
