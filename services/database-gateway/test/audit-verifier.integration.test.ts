import { createSigningKey } from '@aion/bundle';
import { createAuditTrailStore, type AuditTrailStore } from '../src/audit/audit-trail-store.ts';
import { CHECKPOINT_KEY, createAuditTrails, runTwice, type AuditTrails } from './support/audit-trails.ts';
import { createMigratedDatabase, type MigratedDatabase } from './support/test-database.ts';

let db: MigratedDatabase;
let trails: AuditTrails;
beforeEach(async () => {
  db = await createMigratedDatabase();
  trails = createAuditTrails(db);
});
afterEach(() => db.drop());

describe('audit verifier', () => {
  it('verifies every chain and signs its head once', async () => {
    const tenants = [await trails.createTrail(), await trails.createTrail()];
    const { verifier, isOk, read, verified } = trails.start();
    await runTwice(verifier);
    expect(await isOk()).toBe(1);
    expect(await read('aion_job_last_success_timestamp_seconds')).toBeGreaterThan(Date.now() / 1_000 - 60);
    const lengths = await Promise.all(tenants.map(trails.lengthOf));
    expect(await verified()).toBe(lengths.reduce((sum, length) => sum + length, 0));
    expect(await Promise.all(tenants.map(trails.checkpointsOf))).toEqual(lengths.map((length) => [length]));
  });

  it('continues from the last verified event, and reads new events only', async () => {
    const tenantId = await trails.createTrail();
    const { verifier, verified } = trails.start();
    await verifier.run();
    const before = (await verified()) ?? 0;
    await trails.record(tenantId);
    await runTwice(verifier);
    expect(await verified()).toBe(before + 1);
    expect(await trails.checkpointsOf(tenantId)).toEqual([before, before + 1]);
  });

  it('signs the chain of a tenant before its export', async () => {
    const tenantId = await trails.createTrail();
    await trails.createTrail();
    await trails.start().verifier.checkpoint(tenantId);
    expect(await trails.checkpointsOf(tenantId)).toEqual([await trails.lengthOf(tenantId)]);
    expect(await db.sql('SELECT DISTINCT tenant_id FROM audit_checkpoints')).toEqual([{ tenant_id: tenantId }]);
  });

  it('signs nothing without a signing key, and still verifies', async () => {
    const tenantId = await trails.createTrail();
    const { verifier, isOk } = trails.start({ signingKey: undefined });
    await verifier.run();
    expect(await isOk()).toBe(1);
    expect(await trails.checkpointsOf(tenantId)).toEqual([]);
  });

  it('reads a chain that is longer than one page', async () => {
    const tenantId = await trails.createTrail();
    await db.sql(
      `INSERT INTO audit_events (id, tenant_id, actor, action, target_type, target_id, outcome)
       SELECT gen_random_uuid(), $1, 'x', 'export.ready', 'export', gen_random_uuid(), 'success' FROM generate_series(1, 2500)`,
      [tenantId],
    );
    const { verifier, isOk, verified } = trails.start();
    await verifier.run();
    expect(await isOk()).toBe(1);
    expect(await verified()).toBe(await trails.lengthOf(tenantId));
  });

  it('reads checkpoints in pages, each before its events', async () => {
    const tenantId = await trails.createTrail();
    for (let i = 0; i < 300; i += 1) await trails.record(tenantId);
    const trail = createAuditTrailStore(db.database);
    await trails.signEvents(tenantId, trail);
    const pages: number[] = [];
    const readCheckpoints: AuditTrailStore['readCheckpoints'] = async (...args) => {
      const lines = await trail.readCheckpoints(...args);
      pages.push(lines.length);
      return lines;
    };
    const { verifier, isOk } = trails.start({ fullVerifyMs: 0, trail: { ...trail, readCheckpoints } });
    await verifier.run();
    expect(await isOk()).toBe(1);
    expect(pages.reduce((sum, length) => sum + length)).toBe(await trails.lengthOf(tenantId));
    expect(Math.max(...pages)).toBeLessThanOrEqual(100);
    await trails.rewriteChain(tenantId, 250);
    await verifier.run();
    expect(await isOk()).toBe(0);
  });

  it('reports no truncation when another process signs later events meanwhile', async () => {
    const tenantId = await trails.createTrail();
    const trail = createAuditTrailStore(db.database);
    let meanwhile: (() => Promise<void>) | undefined = async () => {
      await trails.record(tenantId);
      await trails.start().verifier.checkpoint(tenantId);
    };
    const readEvents: AuditTrailStore['readEvents'] = async (...args) => {
      const lines = await trail.readEvents(...args);
      const act = meanwhile;
      meanwhile = undefined;
      await act?.();
      return lines;
    };
    const { verifier, isOk } = trails.start({ trail: { ...trail, readEvents } });
    await verifier.run();
    expect(meanwhile).toBeUndefined();
    expect(await isOk()).toBe(1);
  });

  it('reports no truncation when an export has verified the chain since it was listed', async () => {
    const tenantId = await trails.createTrail();
    const trail = createAuditTrailStore(db.database);
    let afterListing: (() => Promise<void>) | undefined;
    const listChains = async () => {
      const chains = await trail.listChains();
      const act = afterListing;
      afterListing = undefined;
      await act?.();
      return chains;
    };
    const { verifier, isOk, verified } = trails.start({ trail: { ...trail, listChains } });
    await verifier.run();
    const before = (await verified()) ?? 0;
    afterListing = async () => {
      await trails.record(tenantId);
      await verifier.checkpoint(tenantId);
    };
    await verifier.run();
    expect(await isOk()).toBe(1);
    expect(await verified()).toBeGreaterThan(before);
  });

  it('reports that a chain is valid again', async () => {
    const tenantId = await trails.createTrail();
    const { verifier, isOk } = trails.start({ fullVerifyMs: 0 });
    await verifier.run();
    await db.sql(`UPDATE audit_events SET outcome = 'failure' WHERE tenant_id = $1 AND seq = 2`, [tenantId]);
    await verifier.run();
    expect(await isOk()).toBe(0);
    await db.sql(`UPDATE audit_events SET outcome = 'success' WHERE tenant_id = $1 AND seq = 2`, [tenantId]);
    await verifier.run();
    expect(await isOk()).toBe(1);
  });

  it('accepts checkpoints of former keys, and of no others', async () => {
    await trails.createTrail();
    await trails.start().verifier.run();
    const next = createSigningKey();
    const knowing = trails.start({ signingKey: next, formerKeys: [CHECKPOINT_KEY.publicKey] });
    await knowing.verifier.run();
    expect(await knowing.isOk()).toBe(1);
    const unknowing = trails.start({ signingKey: next });
    await unknowing.verifier.run();
    expect(await unknowing.isOk()).toBe(0);
  });
});
