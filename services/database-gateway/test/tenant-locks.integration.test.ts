import { internalRoute, routes } from '@aion/contracts';
import { createMetrics, type Metrics } from '@aion/metrics';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { recordAuditEvent } from '../src/audit/record-audit-event.ts';
import { createDatabase, type Database } from '../src/database/database.ts';
import { createManagement, operatorFor } from './support/management.ts';
import {
  createMigratedDatabase,
  createTestTenant,
  silentLogger,
  type MigratedDatabase,
} from './support/test-database.ts';
import { waitForWaiting } from './support/wait-for-waiting.ts';

let db: MigratedDatabase;
let metrics: Metrics;
let database: Database;
let tenantId: string;
/** Transaction that holds the locks that others wait for. */
let holder: pg.Client;

beforeAll(async () => {
  db = await createMigratedDatabase();
  holder = new pg.Client({ connectionString: db.superuserUrl });
  await holder.connect();
});
beforeEach(async () => {
  metrics = createMetrics({ service: 'test', version: '0', enabled: true });
  database = createDatabase({ pool: db.pool, metrics, logger: silentLogger });
  ({ tenantId } = await createTestTenant(db.database));
});
afterAll(async () => {
  await holder.end();
  await db.drop();
});

const patch = (body: { name: string } | { state: 'read_only' }) =>
  createManagement(database)(internalRoute(routes.tenants.update), operatorFor(tenantId), {
    params: { tenant_id: tenantId },
    body,
  });
const addProject = (name: string) =>
  createManagement(database)(internalRoute(routes.projects.create), operatorFor(tenantId), { body: { name } });
const recordEvent = () =>
  database.withTenant(tenantId, (transaction) =>
    recordAuditEvent(transaction, {
      actor: 'operator:test',
      action: 'project.updated',
      targetType: 'project',
      targetId: uuidv7(),
    }),
  );
const deadlocks = async () =>
  (await metrics.exposition()).body.match(/^db_transaction_retries_total\{error="deadlock"\} (\d+)$/m)?.[1];

describe('change of a tenant', () => {
  it.each([{ name: 'Renamed' }, { state: 'read_only' as const }])(
    'causes no deadlock with events and rows that are written concurrently: %j',
    async (body) => {
      await holder.query('BEGIN');
      await holder.query('SELECT 1 FROM audit_heads WHERE chain_id = $1 FOR UPDATE', [tenantId]);
      // Each waits for the head of the chain with its locks acquired so far.
      const written: Promise<unknown>[] = [];
      for (const write of [recordEvent, () => patch(body), () => addProject('One'), recordEvent]) {
        written.push(write());
        await waitForWaiting(db, written.length);
      }
      await holder.query('COMMIT');
      await Promise.all(written);
      expect(await deadlocks()).toBe('0');
    },
  );

  it('waits for writes in progress if it changes the state, and not otherwise', async () => {
    await holder.query('BEGIN');
    await holder.query('INSERT INTO projects (id, tenant_id, name) VALUES ($1, $2, $3)', [uuidv7(), tenantId, 'Open']);
    expect((await patch({ name: 'Renamed' })).answer.name).toBe('Renamed');
    const frozen = patch({ state: 'read_only' });
    await waitForWaiting(db, 1);
    await holder.query('COMMIT');
    expect((await frozen).answer.state).toBe('read_only');
  });
});
