import { PassThrough } from 'node:stream';
import { GENESIS_HASH, hashEvent, parseAuditRow } from '@aion/audit-chain';
import { createSigningKey, type SigningKey } from '@aion/bundle';
import { createLogger } from '@aion/logging';
import { createMetrics, parseExposition } from '@aion/metrics';
import { v7 as uuidv7 } from 'uuid';
import { createAuditTrail, type AuditTrail } from '../src/audit/audit-trail.ts';
import { createAuditVerifier, type AuditVerifier } from '../src/audit/audit-verifier.ts';
import { recordAuditEvent } from '../src/audit/record-audit-event.ts';
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
  const logger = createLogger({ service: 'test', level: 'error', format: 'json', stream: new PassThrough().resume() });
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

/** What somebody does who can write to the database, knows the algorithm, and cannot sign. */
async function rewriteChain(tenantId: string): Promise<void> {
  const rows = await db.sql<{ line: string }>(
    'SELECT row_to_json(e)::text AS line FROM audit_events e WHERE tenant_id = $1 ORDER BY seq',
    [tenantId],
  );
  let prev_hash = GENESIS_HASH;
  for (const event of rows.map(({ line }) => parseAuditRow(line))) {
    const hash = hashEvent({ ...event, outcome: 'failure', prev_hash });
    await db.sql('UPDATE audit_events SET outcome = $2, prev_hash = $3, hash = $4 WHERE id = $1', [
      ...[event.id, 'failure', prev_hash, hash],
    ]);
    prev_hash = hash;
  }
  await db.sql('UPDATE audit_heads SET hash = $2 WHERE tenant_id = $1', [tenantId, prev_hash]);
}
