import { ChainVerifier, ERASED_CONTENT, parseAuditRow, type ChainReport } from '@aion/audit-chain';
import { v7 as uuidv7 } from 'uuid';
import { recordAuditEvent } from '../src/audit/record-audit-event.ts';
import { createMigratedDatabase, createTestTenant, type MigratedDatabase } from './support/test-database.ts';

let db: MigratedDatabase;
beforeAll(async () => {
  db = await createMigratedDatabase();
});
afterAll(() => db.drop());

/** Creates a tenant whose trail has a few events in addition to those of its creation. */
async function createTrail(): Promise<string> {
  const { tenantId } = await createTestTenant(db.database);
  for (let i = 0; i < 5; i += 1) await record(tenantId);
  return tenantId;
}

const record = (tenantId: string, actor = 'operator'): Promise<void> =>
  db.database.withTenant(tenantId, (transaction) =>
    recordAuditEvent(transaction, { actor, action: 'export.ready', targetType: 'export', targetId: uuidv7() }),
  );

/** Anonymizes one event, or all, like an erasure. */
async function eraseEvents(tenantId: string, seq: number | null = null): Promise<void> {
  const columns = Object.keys(ERASED_CONTENT).map((column, at) => `${column} = $${at + 3}`);
  await db.sql(
    `UPDATE audit_events SET salt = NULL, ${columns.join()} WHERE tenant_id = $1 AND ($2::int IS NULL OR seq = $2)`,
    [tenantId, seq, ...Object.values(ERASED_CONTENT)],
  );
}

/** Verifies a trail, as PostgreSQL writes it, with the offline verifier. */
async function verify(tenantId: string | null): Promise<ChainReport> {
  const rows = await db.sql<{ line: string }>(
    `SELECT row_to_json(e)::text AS line FROM audit_events e WHERE tenant_id IS NOT DISTINCT FROM $1 ORDER BY id`,
    [tenantId],
  );
  const verifier = new ChainVerifier(tenantId, { signers: [] });
  for (const { line } of rows) verifier.addEvent(parseAuditRow(line));
  return verifier.finish();
}

describe('audit trail of a tenant', () => {
  it('is a chain that the offline verifier accepts, with any text in its events', async () => {
    const tenantId = await createTrail();
    await record(tenantId, 'a"b\\c/d\b\f\n\r\t\u0001\u007f\u0085\u2028 \u20ac \ud83d\ude00 <>&');
    const report = await verify(tenantId);
    expect(report.problems).toEqual([]);
    const [head] = await db.sql<{ seq: number; hash: Buffer }>(
      'SELECT seq::int, hash FROM audit_heads WHERE tenant_id = $1',
      [tenantId],
    );
    expect(report.head).toEqual({ tenant_id: tenantId, ...head });
    expect(report.events).toBe(head?.seq);
  });

  it('numbers concurrent events without a gap', async () => {
    const tenantId = await createTrail();
    const before = (await verify(tenantId)).events;
    await Promise.all(Array.from({ length: 40 }, () => record(tenantId)));
    expect(await verify(tenantId)).toMatchObject({ ok: true, events: before + 40 });
  });

  it('has no gap after a transaction was rolled back', async () => {
    const tenantId = await createTrail();
    const failing = db.database.withTenant(tenantId, async (transaction) => {
      await recordAuditEvent(transaction, {
        actor: 'x',
        action: 'export.ready',
        targetType: 'export',
        targetId: uuidv7(),
      });
      throw new Error('boom');
    });
    await expect(failing).rejects.toThrow('boom');
    await record(tenantId);
    expect((await verify(tenantId)).problems).toEqual([]);
  });

  it('determines position, number and time of an event itself, whatever the writer sets', async () => {
    const tenantId = await createTrail();
    const { events } = await verify(tenantId);
    await db.database.withTenant(tenantId, (transaction) =>
      transaction.query({
        table: 'audit_events',
        text: `INSERT INTO audit_events (id, tenant_id, actor, action, target_type, target_id, outcome,
            seq, prev_hash, hash, salt, commitment, created_at)
          VALUES ($1, $2, 'x', 'export.ready', 'export', $1, 'success',
            999, $3, $3, $3, $3, '2000-01-01')`,
        values: [uuidv7(), tenantId, Buffer.alloc(32)],
      }),
    );
    expect(await verify(tenantId)).toMatchObject({ ok: true, events: events + 1 });
    const [row] = await db.sql<{ recent: boolean }>(
      `SELECT created_at > now() - interval '1 hour' AS recent FROM audit_events WHERE tenant_id = $1 AND seq = $2`,
      [tenantId, events + 1],
    );
    expect(row).toEqual({ recent: true });
  });

  it('stays verifiable when an erasure removes the content of its events', async () => {
    const tenantId = await createTrail();
    await eraseEvents(tenantId);
    const { ok, events, erased } = await verify(tenantId);
    expect({ ok, erased }).toEqual({ ok: true, erased: events });
  });

  it.each(['UPDATE audit_events SET actor = $1', 'DELETE FROM audit_events', 'TRUNCATE audit_events'])(
    'cannot be changed by the application: %s',
    async (text) => {
      const tenantId = await createTrail();
      const changing = db.database.withTenant(tenantId, (transaction) =>
        transaction.query({ functionOf: 'pg_catalog', text: text.replace('$1', `'x'`) }),
      );
      await expect(changing).rejects.toMatchObject({ code: '42501' });
    },
  );

  it.each([
    'UPDATE audit_heads SET seq = 0',
    'DELETE FROM audit_heads',
    `INSERT INTO audit_heads (chain_id, seq, hash) VALUES (gen_random_uuid(), 0, decode(repeat('00', 32), 'hex'))`,
    'SELECT chain_audit_event(e) FROM audit_events e',
  ])('has a head that the application cannot change: %s', async (text) => {
    const tenantId = await createTrail();
    const moving = db.database.withTenant(tenantId, (transaction) =>
      transaction.query({ functionOf: 'pg_catalog', text }),
    );
    await expect(moving).rejects.toMatchObject({ code: '42501' });
  });
});

/** Columns that an event itself contains, with another value of each, and the kind of problem that it causes. */
const EDITS = [
  ['id', 'gen_random_uuid()', 'edited'],
  ['tenant_id', '$2', 'missing'],
  ['seq', '99', 'edited'],
  ['prev_hash', `decode(repeat('00', 32), 'hex')`, 'edited'],
  ['hash', `decode(repeat('00', 32), 'hex')`, 'edited'],
  ['commitment', `decode(repeat('00', 32), 'hex')`, 'edited'],
  ['salt', `decode(repeat('00', 32), 'hex')`, 'content_edited'],
  ['salt', 'NULL', 'content_edited'],
  ['action', `'export.failed'`, 'edited'],
  ['target_type', `'tenant'`, 'edited'],
  ['outcome', `'failure'`, 'edited'],
  ['created_at', `created_at - interval '1 us'`, 'edited'],
  ['actor', `'x'`, 'content_edited'],
  ['target_id', 'gen_random_uuid()', 'content_edited'],
  ['target_path', `'x'`, 'content_edited'],
  ['request_id', `'x'`, 'content_edited'],
  ['correlation_id', `'x'`, 'content_edited'],
  ['trace_id', `repeat('0', 32)`, 'content_edited'],
] as const;

describe('verification detects an owner of the database who', () => {
  it.each(EDITS)('edits %s to %s', async (column, value, kind) => {
    const tenantId = await createTrail();
    const otherId = await createTrail();
    // A number that the other chain does not have yet.
    const values = column === 'tenant_id' ? [tenantId, otherId] : [tenantId];
    if (column === 'tenant_id') await db.sql('DELETE FROM audit_events WHERE tenant_id = $1', [otherId]);
    await db.sql(`UPDATE audit_events SET ${column} = ${value} WHERE tenant_id = $1 AND seq = 3`, values);
    const { ok, problems } = await verify(tenantId);
    expect(ok).toBe(false);
    expect(problems.map((problem) => problem.kind)).toContain(kind);
    if (column === 'tenant_id') expect((await verify(otherId)).problems[0]).toMatchObject({ kind: 'edited', seq: 3 });
  });

  it.each(EDITS.filter(([, , kind]) => kind === 'content_edited').filter(([column]) => column !== 'salt'))(
    'erases an event and edits its %s to %s',
    async (column, value, kind) => {
      const tenantId = await createTrail();
      await eraseEvents(tenantId, 3);
      expect(await verify(tenantId)).toMatchObject({ ok: true, erased: 1, firstErasedSeq: 3 });
      await db.sql(`UPDATE audit_events SET ${column} = ${value} WHERE tenant_id = $1 AND seq = 3`, [tenantId]);
      expect((await verify(tenantId)).problems).toMatchObject([{ kind, seq: 3 }]);
    },
  );

  it.each([
    ['the first', 1],
    ['one in the middle', 3],
  ])('deletes %s', async (_name, seq) => {
    const tenantId = await createTrail();
    await db.sql('DELETE FROM audit_events WHERE tenant_id = $1 AND seq = $2', [tenantId, seq]);
    const { ok, problems } = await verify(tenantId);
    expect(ok).toBe(false);
    expect(problems[0]).toMatchObject({ kind: 'missing', seq });
  });
});

describe('audit chains', () => {
  it('are separate: each tenant has one, and the platform has one', async () => {
    const one = await createTrail();
    const other = await createTrail();
    for (let i = 0; i < 2; i += 1) {
      await db.database.query({
        table: 'audit_events',
        text: `INSERT INTO audit_events (id, actor, action, target_type, target_id, outcome)
          VALUES ($1, 'operator', 'platform.started', 'platform', $1, 'success')`,
        values: [uuidv7()],
      });
    }
    expect(await verify(null)).toMatchObject({ ok: true, events: 2 });
    const chains = await db.database.query<{ tenant_id: string | null; seq: number }>({
      functionOf: 'audit_events',
      text: 'SELECT tenant_id, seq FROM list_audit_chains()',
    });
    for (const tenantId of [one, other, null]) {
      expect(chains.find(({ tenant_id }) => tenant_id === tenantId)?.seq).toBe((await verify(tenantId)).events);
    }
  });
});
