import { recordFeatureFlags } from '../src/audit/record-feature-flags.ts';
import { createMigratedDatabase, type MigratedDatabase } from './support/test-database.ts';

let db: MigratedDatabase;
beforeAll(async () => {
  db = await createMigratedDatabase();
});
afterAll(() => db.drop());

const events = () =>
  db.sql(
    `SELECT actor, action, target_type, target_path FROM audit_events
     WHERE tenant_id IS NULL AND action LIKE 'switch.%' ORDER BY seq`,
  );

describe('feature flags of a service', () => {
  it('are recorded as platform events only when they differ from their stored states', async () => {
    const record = (switches: Record<string, boolean>, service = 'ai-engine') =>
      recordFeatureFlags(db.database, service, switches);
    await record({ metrics: true, tracing: false });
    expect(await events()).toEqual([]);
    await record({ metrics: true, tracing: false });
    await record({ metrics: false, tracing: false }, 'web-api');
    expect(await events()).toEqual([]);
    // Several processes of a service start at the same time.
    await Promise.all(Array.from({ length: 4 }, () => record({ metrics: false, tracing: true, logs: true })));
    const event = { actor: 'service:ai-engine', target_type: 'platform' };
    expect(await events()).toEqual([
      { ...event, action: 'switch.turned_off', target_path: 'ai-engine/metrics' },
      { ...event, action: 'switch.turned_on', target_path: 'ai-engine/tracing' },
    ]);
    await record({ metrics: true });
    expect(await events()).toHaveLength(3);
    const rows = await db.sql(
      `SELECT feature, is_on FROM platform_switches WHERE service = 'ai-engine' ORDER BY feature`,
    );
    expect(rows).toEqual([
      { feature: 'logs', is_on: true },
      { feature: 'metrics', is_on: true },
      { feature: 'tracing', is_on: true },
    ]);
  });
});
