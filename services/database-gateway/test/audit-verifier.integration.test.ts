import { PassThrough } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import {
  checkpointKeyId,
  ERASED_CONTENT,
  GENESIS_HASH,
  hashEvent,
  parseAuditRow,
  signCheckpoint,
} from '@aion/audit-chain';
import { createSigningKey, type SigningKey } from '@aion/bundle';
import { createLogger } from '@aion/logging';
import { createMetrics, parseExposition } from '@aion/metrics';
import { v7 as uuidv7 } from 'uuid';
import { createAuditTrail, type AuditTrail } from '../src/audit/audit-trail.ts';
import { createAuditVerifier, type AuditVerifier } from '../src/audit/audit-verifier.ts';
import { recordAuditEvent } from '../src/audit/record-audit-event.ts';
import { recordPlatformEvent } from '../src/audit/record-platform-event.ts';
import { createMigratedDatabase, createTestTenant, type MigratedDatabase } from './support/test-database.ts';

let db: MigratedDatabase;
const key = createSigningKey();
beforeEach(async () => {
  db = await createMigratedDatabase();
});
afterEach(() => db.drop());

/** A verifier, and what its metrics say. `fullVerifyMs` 0 begins with the first event each time. */
function start(
  options: {
    signingKey?: SigningKey | undefined;
    formerKeys?: string[];
    fullVerifyMs?: number;
    trail?: AuditTrail;
  } = {},
) {
  const stream = new PassThrough();
  const logger = createLogger({ service: 'test', level: 'error', format: 'json', stream });
  const metrics = createMetrics({ service: 'database-gateway', version: '0', enabled: true });
  const verifier = createAuditVerifier({
    ...{ logger, metrics, trail: createAuditTrail(db.database), signingKey: key, formerKeys: [] },
    ...{ fullVerifyMs: 3_600_000, ...options },
  });
  const read = async (name: string): Promise<number | undefined> => {
    const { samples } = parseExposition((await metrics.exposition()).body);
    return samples.find((sample) => sample.name === name)?.value;
  };
  return {
    verifier,
    read,
    /** What was logged as ERROR since it was asked the last time. */
    errors: () => String(stream.read() ?? ''),
    isOk: () => read('aion_audit_chain_ok'),
    verified: () => read('aion_audit_events_verified_total'),
  };
}

async function createTrail(): Promise<string> {
  const { tenantId } = await createTestTenant(db.database);
  for (let i = 0; i < 3; i += 1) await record(tenantId);
  return tenantId;
}
const record = (tenantId: string): Promise<void> =>
  db.database.withTenant(tenantId, (transaction) =>
    recordAuditEvent(transaction, { actor: 'x', action: 'export.ready', targetType: 'export', targetId: uuidv7() }),
  );
const lengthOf = async (tenantId: string): Promise<number> =>
  (await db.sql<{ n: number }>('SELECT count(*)::int AS n FROM audit_events WHERE tenant_id = $1', [tenantId]))[0]?.n ??
  0;
const checkpointsOf = async (tenantId: string): Promise<number[]> =>
  (
    await db.sql<{ seq: number }>('SELECT seq::int FROM audit_checkpoints WHERE tenant_id = $1 ORDER BY seq', [
      tenantId,
    ])
  ).map(({ seq }) => seq);
/** What an erasure does to events up to a number. */
async function eraseEvents(tenantId: string, seq: number): Promise<void> {
  const columns = Object.keys(ERASED_CONTENT).map((column, at) => `${column} = $${at + 3}`);
  await db.sql(`UPDATE audit_events SET salt = NULL, ${columns.join()} WHERE tenant_id = $1 AND seq <= $2`, [
    ...[tenantId, seq, ...Object.values(ERASED_CONTENT)],
  ]);
}
/** A request to erase, and what the ledger says of it before it begins. */
async function announceErasure(tenantId: string, events: number): Promise<string> {
  const [id, hash] = [uuidv7(), 'ab'.repeat(32)];
  await db.sql(
    `INSERT INTO erasure_requests (id, tenant_id, subject_type, subject_id, ground, request_sha256, requested_by, due_at)
     VALUES ($1, $2, 'user', $1, 'art17_1_a', $3, $1, now() + interval '30 days')`,
    [id, tenantId, hash],
  );
  await db.sql(
    `INSERT INTO erasure_ledger (id, request_id, tenant_pseudonym, subject_type, subject_pseudonym, phase, store, method,
       planned_rows, registry_sha256)
     VALUES ($1, $1, $2, 'user', $2, 'planned', 'postgresql:audit_events', 'anonymize', $3, $2)`,
    [id, hash, events],
  );
  return id;
}
/** Makes every read of a chain's events do something first, as PostgreSQL itself. */
const onReading = (tenantId: string, expression: string): Promise<unknown> =>
  db.sql(`CREATE POLICY events_reading ON audit_events AS RESTRICTIVE FOR SELECT TO aion_app
    USING (CASE WHEN tenant_id = '${tenantId}' THEN ${expression} ELSE true END)`);
async function runTwice(verifier: AuditVerifier): Promise<void> {
  await verifier.run();
  await verifier.run();
}

describe('the verifier of the audit trail', () => {
  it('verifies every chain and signs its end once', async () => {
    const tenants = [await createTrail(), await createTrail()];
    const { verifier, isOk, read, verified } = start();
    await runTwice(verifier);
    expect(await isOk()).toBe(1);
    expect(await read('aion_job_last_success_timestamp_seconds')).toBeGreaterThan(Date.now() / 1_000 - 60);
    const lengths = await Promise.all(tenants.map(lengthOf));
    expect(await verified()).toBe(lengths.reduce((sum, length) => sum + length, 0));
    expect(await Promise.all(tenants.map(checkpointsOf))).toEqual(lengths.map((length) => [length]));
  });

  it('goes on from where it was, and reads what is new only', async () => {
    const tenantId = await createTrail();
    const { verifier, verified } = start();
    await verifier.run();
    const before = (await verified()) ?? 0;
    await record(tenantId);
    await runTwice(verifier);
    expect(await verified()).toBe(before + 1);
    expect(await checkpointsOf(tenantId)).toEqual([before, before + 1]);
  });

  it('signs the chain of a tenant before it is exported', async () => {
    const tenantId = await createTrail();
    await createTrail();
    await start().verifier.checkpoint(tenantId);
    expect(await checkpointsOf(tenantId)).toEqual([await lengthOf(tenantId)]);
    expect(await db.sql('SELECT DISTINCT tenant_id FROM audit_checkpoints')).toEqual([{ tenant_id: tenantId }]);
  });

  it('signs nothing without a key, and still verifies', async () => {
    const tenantId = await createTrail();
    const { verifier, isOk } = start({ signingKey: undefined });
    await verifier.run();
    expect(await isOk()).toBe(1);
    expect(await checkpointsOf(tenantId)).toEqual([]);
  });

  it('reads a chain that is longer than one page', async () => {
    const tenantId = await createTrail();
    await db.sql(
      `INSERT INTO audit_events (id, tenant_id, actor, action, target_type, target_id, outcome)
       SELECT gen_random_uuid(), $1, 'x', 'export.ready', 'export', gen_random_uuid(), 'success' FROM generate_series(1, 2500)`,
      [tenantId],
    );
    const { verifier, isOk, verified } = start();
    await verifier.run();
    expect(await isOk()).toBe(1);
    expect(await verified()).toBe(await lengthOf(tenantId));
  });

  it.each([
    ['an edit', `UPDATE audit_events SET outcome = 'failure' WHERE tenant_id = $1 AND seq = 2`],
    ['a deletion', `DELETE FROM audit_events WHERE tenant_id = $1 AND seq = 2`],
    ['a cut-off end', `DELETE FROM audit_events WHERE tenant_id = $1 AND seq > 2`],
    ['a deletion of the first', `DELETE FROM audit_events WHERE tenant_id = $1 AND seq = 1`],
    ['a deletion of the last', `DELETE FROM audit_events WHERE tenant_id = $1 AND seq = 5`],
    [
      'a content that was edited and its salt taken',
      `UPDATE audit_events SET actor = 'x', salt = NULL WHERE tenant_id = $1 AND seq = 2`,
    ],
    ['a number out of reach', `UPDATE audit_events SET seq = ${2n ** 60n} WHERE tenant_id = $1 AND seq = 2`],
    ['an end out of reach', `UPDATE audit_heads SET seq = ${2n ** 60n} WHERE tenant_id = $1`],
    ['an edited checkpoint', `UPDATE audit_checkpoints SET seq = 3 WHERE tenant_id = $1`],
    ['a checkpoint that cannot be read', `UPDATE audit_checkpoints SET seq = ${2n ** 60n} WHERE tenant_id = $1`],
    ['an unreadable row', `UPDATE audit_events SET created_at = 'infinity' WHERE tenant_id = $1 AND seq = 2`],
    [
      'a cut-off end, with the end of the chain moved',
      `WITH gone AS (DELETE FROM audit_events WHERE tenant_id = $1 AND seq > 2)
       UPDATE audit_heads SET seq = 2, hash = (SELECT hash FROM audit_events WHERE tenant_id = $1 AND seq = 2) WHERE tenant_id = $1`,
    ],
  ])('finds %s', async (_name, text) => {
    const tenantId = await createTrail();
    const { verifier, isOk } = start({ fullVerifyMs: 0 });
    await verifier.run();
    expect(await isOk()).toBe(1);
    await db.sql(text, [tenantId]);
    await runTwice(verifier);
    expect(await isOk()).toBe(0);
  });

  it('finds that two events changed places', async () => {
    const tenantId = await createTrail();
    const { verifier, isOk } = start({ fullVerifyMs: 0 });
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

  it('goes on saying what only a verification from the first event finds', async () => {
    const tenantId = await createTrail();
    const { verifier, isOk } = start({ fullVerifyMs: 1_500 });
    await verifier.run();
    await db.sql(`UPDATE audit_events SET outcome = 'failure' WHERE tenant_id = $1 AND seq = 2`, [tenantId]);
    await setTimeout(1_500);
    await runTwice(verifier);
    expect(await isOk()).toBe(0);
  });

  it('finds events that are erased and that no erasure in the ledger accounts for', async () => {
    const tenantId = await createTrail();
    const { verifier, isOk, errors } = start({ fullVerifyMs: 0 });
    const request = await announceErasure(tenantId, 2);
    await announceErasure((await createTestTenant(db.database)).tenantId, 9);
    await eraseEvents(tenantId, 2);
    await verifier.run();
    expect(await isOk()).toBe(1);
    await eraseEvents(tenantId, 3);
    await verifier.run();
    expect(await isOk()).toBe(0);
    expect(errors()).toContain('erasure_unknown: 3 events are erased, and the ledger of erasures announces 2');
    await announceErasure(tenantId, 1);
    await verifier.run();
    expect(await isOk()).toBe(1);
    await db.sql(`UPDATE erasure_requests SET state = 'cancelled', finished_at = now() WHERE id = $1`, [request]);
    await verifier.run();
    expect(await isOk()).toBe(0);
  });

  it('finds erased events of the platform, of which no erasure takes any', async () => {
    const { verifier, isOk } = start({ fullVerifyMs: 0 });
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
  ])('names a chain %s, and verifies the others', async (_name, text) => {
    const [broken, sound] = [await createTrail(), await createTrail()];
    const { verifier, isOk, errors } = start({ fullVerifyMs: 0 });
    await verifier.run();
    await db.sql(text, [broken]);
    await record(sound);
    await verifier.run();
    expect(await isOk()).toBe(0);
    expect(errors()).toContain(broken);
    expect(await checkpointsOf(sound)).toContain(await lengthOf(sound));
  });

  it('names a chain that PostgreSQL gives an error for, and verifies the others', async () => {
    const [broken, sound] = [await createTrail(), await createTrail()];
    const { verifier, isOk, errors } = start();
    await onReading(broken, '1 / (seq - seq) = 1');
    await runTwice(verifier);
    expect(await isOk()).toBe(0);
    const lines = errors();
    expect(lines).toContain('division by zero');
    expect(lines).toContain(broken);
    expect(await checkpointsOf(sound)).toEqual([await lengthOf(sound)]);
  });

  it('takes no chain for broken that it cannot reach, and remembers those that are', async () => {
    const [first, second] = [await createTrail(), await createTrail()];
    const { verifier, isOk, errors } = start({ fullVerifyMs: 0 });
    await verifier.run();
    await onReading(second, 'pg_terminate_backend(pg_backend_pid())');
    await expect(verifier.run()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect({ isOk: await isOk(), errors: errors() }).toEqual({ isOk: 1, errors: '' });
    await db.sql(`UPDATE audit_events SET outcome = 'failure' WHERE tenant_id = $1 AND seq = 2`, [first]);
    await expect(verifier.run()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await isOk()).toBe(0);
    expect(errors()).toContain(first);
  });

  it('reads checkpoints in pages, before the events that they are of', async () => {
    const tenantId = await createTrail();
    for (let i = 0; i < 300; i += 1) await record(tenantId);
    const trail = createAuditTrail(db.database);
    await signEvents(tenantId, trail);
    const pages: number[] = [];
    const readCheckpoints: AuditTrail['readCheckpoints'] = async (...args) => {
      const lines = await trail.readCheckpoints(...args);
      pages.push(lines.length);
      return lines;
    };
    const { verifier, isOk } = start({ fullVerifyMs: 0, trail: { ...trail, readCheckpoints } });
    await verifier.run();
    expect(await isOk()).toBe(1);
    expect(pages.reduce((sum, length) => sum + length)).toBe(await lengthOf(tenantId));
    expect(Math.max(...pages)).toBeLessThanOrEqual(100);
    await rewriteChain(tenantId, 250);
    await verifier.run();
    expect(await isOk()).toBe(0);
  });

  it('takes no chain for cut off of which another process signs more meanwhile', async () => {
    const tenantId = await createTrail();
    const trail = createAuditTrail(db.database);
    let meanwhile: (() => Promise<void>) | undefined = async () => {
      await record(tenantId);
      await start().verifier.checkpoint(tenantId);
    };
    const readEvents: AuditTrail['readEvents'] = async (...args) => {
      const lines = await trail.readEvents(...args);
      const act = lines.length === 0 ? meanwhile : undefined;
      if (act !== undefined) meanwhile = undefined;
      await act?.();
      return lines;
    };
    const { verifier, isOk } = start({ trail: { ...trail, readEvents } });
    await verifier.run();
    expect(meanwhile).toBeUndefined();
    expect(await isOk()).toBe(1);
  });

  it('finds a chain that was written anew with right hashes', async () => {
    const tenantId = await createTrail();
    const { verifier, isOk } = start({ fullVerifyMs: 0 });
    await verifier.run();
    await rewriteChain(tenantId);
    await verifier.run();
    expect(await isOk()).toBe(0);
  });

  it('finds at once that a chain has become shorter', async () => {
    const tenantId = await createTrail();
    const { verifier, isOk } = start();
    await verifier.run();
    await db.sql('DELETE FROM audit_events WHERE tenant_id = $1 AND seq > 2', [tenantId]);
    await db.sql('DELETE FROM audit_checkpoints WHERE tenant_id = $1', [tenantId]);
    await db.sql(
      `UPDATE audit_heads SET seq = 2, hash = (SELECT hash FROM audit_events WHERE tenant_id = $1 AND seq = 2)
       WHERE tenant_id = $1`,
      [tenantId],
    );
    await verifier.run();
    expect(await isOk()).toBe(0);
  });

  it('takes no chain for cut off that an export has had verified since it was listed', async () => {
    const tenantId = await createTrail();
    const trail = createAuditTrail(db.database);
    let afterListing: (() => Promise<void>) | undefined;
    const listChains = async () => {
      const chains = await trail.listChains();
      const act = afterListing;
      afterListing = undefined;
      await act?.();
      return chains;
    };
    const { verifier, isOk, verified } = start({ trail: { ...trail, listChains } });
    await verifier.run();
    const before = (await verified()) ?? 0;
    afterListing = async () => {
      await record(tenantId);
      await verifier.checkpoint(tenantId);
    };
    await verifier.run();
    expect(await isOk()).toBe(1);
    expect(await verified()).toBeGreaterThan(before);
  });

  it('finds that a whole chain is gone', async () => {
    const tenantId = await createTrail();
    const { verifier, isOk } = start();
    await verifier.run();
    for (const table of ['audit_checkpoints', 'audit_events', 'audit_heads']) {
      await db.sql(`DELETE FROM ${table} WHERE tenant_id = $1`, [tenantId]);
    }
    await verifier.run();
    expect(await isOk()).toBe(0);
  });

  it('says that all is well again when it is', async () => {
    const tenantId = await createTrail();
    const { verifier, isOk } = start({ fullVerifyMs: 0 });
    await verifier.run();
    await db.sql(`UPDATE audit_events SET outcome = 'failure' WHERE tenant_id = $1 AND seq = 2`, [tenantId]);
    await verifier.run();
    expect(await isOk()).toBe(0);
    await db.sql(`UPDATE audit_events SET outcome = 'success' WHERE tenant_id = $1 AND seq = 2`, [tenantId]);
    await verifier.run();
    expect(await isOk()).toBe(1);
  });

  it('knows the keys that signed before, and no others', async () => {
    await createTrail();
    await start().verifier.run();
    const next = createSigningKey();
    const knowing = start({ signingKey: next, formerKeys: [key.publicKey] });
    await knowing.verifier.run();
    expect(await knowing.isOk()).toBe(1);
    const unknowing = start({ signingKey: next });
    await unknowing.verifier.run();
    expect(await unknowing.isOk()).toBe(0);
  });
});

/** A checkpoint of each event. */
async function signEvents(tenantId: string, trail: AuditTrail): Promise<void> {
  const rows = await db.sql<{ seq: number; hash: Buffer }>(
    'SELECT seq::int, hash FROM audit_events WHERE tenant_id = $1',
    [tenantId],
  );
  const keyId = checkpointKeyId(key.privateKey);
  for (const row of rows) {
    const head = { tenant_id: tenantId, ...row };
    await trail.storeCheckpoint({ ...head, keyId, signature: signCheckpoint(head, key.privateKey) });
  }
}

/** What somebody does who can write to the database, knows the algorithm, and cannot sign. */
async function rewriteChain(tenantId: string, from = 1): Promise<void> {
  const rows = await db.sql<{ line: string }>(
    'SELECT row_to_json(e)::text AS line FROM audit_events e WHERE tenant_id = $1 AND seq >= $2 ORDER BY seq',
    [tenantId, from],
  );
  let prev_hash = from === 1 ? GENESIS_HASH : parseAuditRow(rows[0]?.line ?? '').prev_hash;
  for (const event of rows.map(({ line }) => parseAuditRow(line))) {
    const hash = hashEvent({ ...event, outcome: 'failure', prev_hash });
    await db.sql('UPDATE audit_events SET outcome = $2, prev_hash = $3, hash = $4 WHERE id = $1', [
      ...[event.id, 'failure', prev_hash, hash],
    ]);
    prev_hash = hash;
  }
  await db.sql('UPDATE audit_heads SET hash = $2 WHERE tenant_id = $1', [tenantId, prev_hash]);
}
