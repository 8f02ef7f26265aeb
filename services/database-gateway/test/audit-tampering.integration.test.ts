import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseChainHead } from '@aion/audit-chain';
import { createHeadsFile } from '../src/audit/heads-file.ts';
import { recordPlatformEvent } from '../src/audit/record-platform-event.ts';
import { CHECKPOINT_KEY, createAuditTrails, runTwice, type AuditTrails } from './support/audit-trails.ts';
import { createMigratedDatabase, createTestTenant, type MigratedDatabase } from './support/test-database.ts';

let db: MigratedDatabase;
let trails: AuditTrails;
beforeEach(async () => {
  db = await createMigratedDatabase();
  trails = createAuditTrails(db);
});
afterEach(() => db.drop());

describe('audit verifier, when the audit trail was modified', () => {
  it.each([
    ['an edit', `UPDATE audit_events SET outcome = 'failure' WHERE tenant_id = $1 AND seq = 2`],
    ['a deletion', `DELETE FROM audit_events WHERE tenant_id = $1 AND seq = 2`],
    ['a cut-off end', `DELETE FROM audit_events WHERE tenant_id = $1 AND seq > 2`],
    ['a deletion of the first', `DELETE FROM audit_events WHERE tenant_id = $1 AND seq = 1`],
    ['a deletion of the last', `DELETE FROM audit_events WHERE tenant_id = $1 AND seq = 5`],
    [
      'content that was edited and whose salt was removed',
      `UPDATE audit_events SET actor = 'x', salt = NULL WHERE tenant_id = $1 AND seq = 2`,
    ],
    ['a number out of reach', `UPDATE audit_events SET seq = ${2n ** 60n} WHERE tenant_id = $1 AND seq = 2`],
    ['an end out of reach', `UPDATE audit_heads SET seq = ${2n ** 60n} WHERE tenant_id = $1`],
    ['an edited checkpoint', `UPDATE audit_checkpoints SET seq = 3 WHERE tenant_id = $1`],
    ['a checkpoint that cannot be read', `UPDATE audit_checkpoints SET seq = ${2n ** 60n} WHERE tenant_id = $1`],
    ['an unreadable row', `UPDATE audit_events SET created_at = 'infinity' WHERE tenant_id = $1 AND seq = 2`],
    [
      'a truncated end, with the head of the chain moved',
      `WITH gone AS (DELETE FROM audit_events WHERE tenant_id = $1 AND seq > 2)
       UPDATE audit_heads SET seq = 2, hash = (SELECT hash FROM audit_events WHERE tenant_id = $1 AND seq = 2) WHERE tenant_id = $1`,
    ],
  ])('detects %s', async (_name, text) => {
    const tenantId = await trails.createTrail();
    const { verifier, isOk } = trails.start({ fullVerifyMs: 0 });
    await verifier.run();
    expect(await isOk()).toBe(1);
    await db.sql(text, [tenantId]);
    await runTwice(verifier);
    expect(await isOk()).toBe(0);
  });

  it('detects that two events were swapped', async () => {
    const tenantId = await trails.createTrail();
    const { verifier, isOk } = trails.start({ fullVerifyMs: 0 });
    for (const [from, to] of [
      [2, 99],
      [3, 2],
      [99, 3],
    ]) {
      await db.sql('UPDATE audit_events SET seq = $3 WHERE tenant_id = $1 AND seq = $2', [tenantId, from, to]);
    }
    await verifier.run();
    expect(await isOk()).toBe(0);
  });

  it('keeps reporting a problem that only a complete verification detects', async () => {
    const tenantId = await trails.createTrail();
    const { verifier, isOk } = trails.start({ fullVerifyMs: 1_500 });
    await verifier.run();
    await db.sql(`UPDATE audit_events SET outcome = 'failure' WHERE tenant_id = $1 AND seq = 2`, [tenantId]);
    await setTimeout(1_500);
    await runTwice(verifier);
    expect(await isOk()).toBe(0);
  });

  it('detects erased events that no erasure in the ledger announces', async () => {
    const tenantId = await trails.createTrail();
    const { verifier, isOk, errors } = trails.start({ fullVerifyMs: 0 });
    const request = await trails.announceErasure(tenantId, 2);
    await trails.announceErasure((await createTestTenant(db.database)).tenantId, 9);
    await trails.eraseEvents(tenantId, 2);
    await verifier.run();
    expect(await isOk()).toBe(1);
    await trails.eraseEvents(tenantId, 3);
    await verifier.run();
    expect(await isOk()).toBe(0);
    expect(errors()).toContain('erasure_unknown: 3 events are erased, and the ledger of erasures announces 2');
    await trails.announceErasure(tenantId, 1);
    await verifier.run();
    expect(await isOk()).toBe(1);
    await db.sql(`UPDATE erasure_requests SET state = 'cancelled', finished_at = now() WHERE id = $1`, [request]);
    await verifier.run();
    expect(await isOk()).toBe(0);
  });

  it('detects erased events of the platform, which no erasure removes', async () => {
    const { verifier, isOk } = trails.start({ fullVerifyMs: 0 });
    await recordPlatformEvent(db.database, { action: 'log_levels.changed', actor: 'service:x', service: 'x' });
    await verifier.run();
    expect(await isOk()).toBe(1);
    await db.sql(`UPDATE audit_events SET actor = 'erased', target_path = NULL, salt = NULL WHERE tenant_id IS NULL`);
    await verifier.run();
    expect(await isOk()).toBe(0);
  });

  it.each([
    ['a row of which is unreadable', `UPDATE audit_checkpoints SET seq = ${2n ** 60n} WHERE tenant_id = $1`],
    ['the end of which is out of reach', `UPDATE audit_heads SET seq = ${2n ** 60n} WHERE tenant_id = $1`],
  ])('reports a chain %s, and verifies the others', async (_name, text) => {
    const [broken, sound] = [await trails.createTrail(), await trails.createTrail()];
    const { verifier, isOk, errors } = trails.start({ fullVerifyMs: 0 });
    await verifier.run();
    await db.sql(text, [broken]);
    await trails.record(sound);
    await verifier.run();
    expect(await isOk()).toBe(0);
    expect(errors()).toContain(broken);
    expect(await trails.checkpointsOf(sound)).toContain(await trails.lengthOf(sound));
  });

  it('reports a chain whose rows PostgreSQL cannot read, and verifies the others', async () => {
    const [broken, sound] = [await trails.createTrail(), await trails.createTrail()];
    const { verifier, isOk, errors } = trails.start();
    await trails.onReading(broken, '1 / (seq - seq) = 1');
    await runTwice(verifier);
    expect(await isOk()).toBe(0);
    const lines = errors();
    expect(lines).toContain('division by zero');
    expect(lines).toContain(broken);
    expect(await trails.checkpointsOf(sound)).toEqual([await trails.lengthOf(sound)]);
  });

  it('reports no chain as invalid that it cannot reach, and still reports those that are', async () => {
    const [first, second] = [await trails.createTrail(), await trails.createTrail()];
    const { verifier, isOk, errors } = trails.start({ fullVerifyMs: 0 });
    await verifier.run();
    await trails.onReading(second, 'pg_terminate_backend(pg_backend_pid())');
    await expect(verifier.run()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect({ isOk: await isOk(), errors: errors() }).toEqual({ isOk: 1, errors: '' });
    await db.sql(`UPDATE audit_events SET outcome = 'failure' WHERE tenant_id = $1 AND seq = 2`, [first]);
    await expect(verifier.run()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await isOk()).toBe(0);
    expect(errors()).toContain(first);
  });

  it('detects a chain that was rewritten with valid hashes', async () => {
    const tenantId = await trails.createTrail();
    const { verifier, isOk } = trails.start({ fullVerifyMs: 0 });
    await verifier.run();
    await trails.rewriteChain(tenantId);
    await verifier.run();
    expect(await isOk()).toBe(0);
  });

  it.each([
    ['without a key', undefined, 'DELETE FROM audit_checkpoints WHERE tenant_id IS NULL'],
    ['and whose checkpoints are gone', CHECKPOINT_KEY, 'DELETE FROM audit_checkpoints'],
  ])('detects a chain that was rewritten %s, while it knows an earlier head', async (_name, signingKey, text) => {
    const tenantId = await trails.createTrail();
    const { verifier, isOk } = trails.start({ fullVerifyMs: 0, signingKey });
    await verifier.run();
    await trails.rewriteChain(tenantId);
    await db.sql(text);
    await runTwice(verifier);
    expect(await isOk()).toBe(0);
    expect(await trails.checkpointsOf(tenantId)).toEqual([]);
  });

  it('detects immediately that a chain has become shorter', async () => {
    const tenantId = await trails.createTrail();
    const { verifier, isOk } = trails.start();
    await verifier.run();
    await cutOff(tenantId);
    await verifier.run();
    expect(await isOk()).toBe(0);
  });

  it('detects that a complete chain is missing', async () => {
    const tenantId = await trails.createTrail();
    const { verifier, isOk } = trails.start();
    await verifier.run();
    await remove(tenantId);
    await verifier.run();
    expect(await isOk()).toBe(0);
  });
});

describe('audit verifier that starts on a modified trail with a heads file', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'aion-heads-'));
    path = join(folder, 'heads.ndjson');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const start = (options: Parameters<AuditTrails['start']>[0] = {}) =>
    trails.start({ headsFile: createHeadsFile(path), ...options });

  it.each<[string, (tenantId: string) => Promise<void>, RegExp]>([
    ['an end that was cut off with its checkpoints', cutOff, /truncated: before, there were 5 events/],
    ['a whole chain that is gone', remove, /truncated: before, there were 5 events/],
    [
      'a chain that was rewritten and whose checkpoints are missing',
      async (tenantId) => {
        await trails.rewriteChain(tenantId);
        await db.sql('DELETE FROM audit_checkpoints WHERE tenant_id = $1', [tenantId]);
      },
      /edited: it was another event before/,
    ],
  ])('detects %s, and keeps reporting it', async (_name, tamper, problem) => {
    const tenantId = await trails.createTrail();
    await start().verifier.run();
    await tamper(tenantId);
    // Nothing in the database proves it.
    const unknowing = trails.start({ signingKey: undefined });
    await unknowing.verifier.run();
    expect(await unknowing.isOk()).toBe(1);
    for (const each of [start(), start()]) {
      await runTwice(each.verifier);
      expect(await each.isOk()).toBe(0);
      expect(each.errors()).toMatch(problem);
    }
    expect(await trails.checkpointsOf(tenantId)).not.toContain(2);
  });

  it('accepts a chain that has grown, and stores its new head', async () => {
    const [tenantId, other] = [await trails.createTrail(), await trails.createTrail()];
    await start().verifier.run();
    await trails.record(tenantId);
    const next = start();
    await next.verifier.run();
    expect(await next.isOk()).toBe(1);
    const heads = (await readFile(path, 'utf8')).trim().split('\n').map(parseChainHead);
    const lengths = new Map(heads.map(({ tenant_id, seq }) => [tenant_id, seq]));
    expect([lengths.get(tenantId), lengths.get(other)]).toEqual([6, 5]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['heads.ndjson']);
  });

  it('reports what is wrong with a damaged file, and does not count as a successful run', async () => {
    await trails.createTrail();
    await writeFile(path, '{"tenant_id":null,"seq":1');
    const { verifier, read } = start();
    await expect(verifier.run()).rejects.toThrow(`Line 1 of ${path} (AION_AUDIT_HEADS_FILE) is not an audit head`);
    expect(await read('aion_job_last_success_timestamp_seconds')).toBeUndefined();
    expect(await readFile(path, 'utf8')).toBe('{"tenant_id":null,"seq":1');
  });

  it('reports a file that cannot be written, after the verification', async () => {
    await trails.createTrail();
    const { verifier, isOk, read } = start({ headsFile: createHeadsFile(join(folder, 'missing', 'heads.ndjson')) });
    await expect(verifier.run()).rejects.toThrow('ENOENT');
    expect(await isOk()).toBe(1);
    expect(await read('aion_job_last_success_timestamp_seconds')).toBeUndefined();
  });
});

/** Truncates a chain to its first two events. */
async function cutOff(tenantId: string): Promise<void> {
  await db.sql('DELETE FROM audit_events WHERE tenant_id = $1 AND seq > 2', [tenantId]);
  await db.sql('DELETE FROM audit_checkpoints WHERE tenant_id = $1', [tenantId]);
  await db.sql(
    `UPDATE audit_heads SET seq = 2, hash = (SELECT hash FROM audit_events WHERE tenant_id = $1 AND seq = 2)
     WHERE tenant_id = $1`,
    [tenantId],
  );
}

async function remove(tenantId: string): Promise<void> {
  for (const table of ['audit_checkpoints', 'audit_events', 'audit_heads']) {
    await db.sql(`DELETE FROM ${table} WHERE tenant_id = $1`, [tenantId]);
  }
}
