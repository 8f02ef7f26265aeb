import {
  admitServices,
  createAdminServer,
  createApp,
  createPeriodicTask,
  createServiceTokens,
  listen,
} from '@aion/http';
import type { HttpServer, Service, ServiceRuntime } from '@aion/http';
import { recordPlatformEvent } from './audit/record-platform-event.ts';
import { recordFeatureFlags } from './audit/record-feature-flags.ts';
import type { DatabaseGatewayConfig } from './config.ts';
import { createParts } from './create-parts.ts';
import { createRoutes } from './create-routes.ts';
import { assertConfinedRole } from './database/assert-confined-role.ts';
import { migrate } from './database/migrate.ts';
import { waitForDatabase } from './database/wait-for-database.ts';
import { deleteExpiredIdempotencyKeys } from './management/delete-expired-idempotency-keys.ts';

/** Enough for the content of long conversations and the file lists of large bundles. */
const MAX_BODY_BYTES = 32 * 1_048_576;
/** Pause between two rollups of usage deltas into the sums of their days. */
const USAGE_ROLLUP_MS = 2_000;
/** Pause between two comparisons of these sums with the generations. */
const USAGE_CHECK_MS = 3_600_000;
/** Longest pause between two reconciliations of exports. */
const MAX_RECONCILE_PAUSE_MS = 15_000;
/** Part of the grace period that is reserved for the steps after the last request. */
const AFTER_DRAIN_MS = 2_000;

/** The service database-gateway, with its port after the start. */
export interface DatabaseGateway extends Service {
  readonly port: number;
}

/** Composes database-gateway. Nothing happens before `start`. */
export function createDatabaseGateway(config: DatabaseGatewayConfig, runtime: ServiceRuntime): DatabaseGateway {
  const { logger } = runtime;
  const stopping = new AbortController();
  let isReady = false;
  let server: HttpServer | undefined;
  const parts = createParts(config, runtime);
  const { pool, exportsPool, database, queue, queueGauges, relay, listener, reconciler, schemaMaintenance } = parts;

  const checks = {
    database: async () => {
      if (!isReady) throw new Error('the schema is not ready yet');
      await database.query({ table: 'pg_catalog', text: 'SELECT 1' });
    },
    queue: () => queue.ping(),
    // Reads and writes continue during schema drift; exports are rejected.
    schema: () => Promise.resolve(schemaMaintenance.readiness()),
  };
  const { serviceTokenSecret: secret, host, port, adminPort } = config;
  const admin = createAdminServer({
    ...runtime,
    service: 'database-gateway',
    host,
    port: adminPort,
    checks,
    recordLogLevels: (by) =>
      recordPlatformEvent(database, {
        action: 'log_levels.changed',
        actor: `service:${by}`,
        service: 'database-gateway',
      }),
  });
  const app = createApp({
    ...runtime,
    routes: createRoutes({
      ...parts,
      isReady: () => isReady,
      ping: async () => {
        await Promise.all([checks.database(), checks.queue()]);
      },
    }),
    admit: admitServices(createServiceTokens({ secret, service: 'database-gateway' })),
    maxBodyBytes: MAX_BODY_BYTES,
    // The longest request opens a snapshot, and ends earlier at the maximum age of snapshots.
    timeoutMs: config.maxSnapshotAgeMs + 60_000,
  });
  const periodicTasks = [
    createPeriodicTask({
      run: async () => {
        await schemaMaintenance.run();
        await deleteExpiredIdempotencyKeys(database);
      },
      intervalMs: config.schemaCheckMs,
      onError: (error) => logger.warn('Schema maintenance failed, will retry', { error }),
    }),
    createPeriodicTask({
      run: () => reconciler.reconcile(),
      intervalMs: Math.min(config.exportRequeueMs, MAX_RECONCILE_PAUSE_MS),
      onError: (error) => logger.warn('Export reconciliation failed, will retry', { error }),
    }),
    createPeriodicTask({
      run: () => parts.audit.run(),
      intervalMs: config.auditVerifyMs,
      onError: (error) => logger.warn('Audit verification failed, will retry', { error }),
    }),
    createPeriodicTask({
      run: () => parts.usage.rollUp(),
      intervalMs: USAGE_ROLLUP_MS,
      onError: (error) => logger.warn('Usage rollup failed, will retry', { error }),
    }),
    createPeriodicTask({
      run: () => parts.usage.checkConsistency(),
      intervalMs: USAGE_CHECK_MS,
      onError: (error) => logger.warn('Usage consistency check failed, will retry', { error }),
    }),
  ];

  const recordOwnFeatureFlags = async (): Promise<void> => {
    if (runtime.featureFlags === undefined) return;
    await recordFeatureFlags(database, 'database-gateway', runtime.featureFlags).catch((error: unknown) =>
      logger.warn('Feature flags of this process could not be recorded in the audit trail', { error }),
    );
  };
  const prepare = async (): Promise<void> => {
    await waitForDatabase({ url: config.migrationUrl, logger, signal: stopping.signal });
    const applied = await migrate({ url: config.migrationUrl, logger });
    if (applied.length > 0) logger.info('Migrations applied', { migrations: applied });
    await assertConfinedRole(database);
    // Creates the partitions before the first request needs them.
    await schemaMaintenance.run();
    if (stopping.signal.aborted) return;
    isReady = true;
    relay.start();
    listener.start();
    for (const task of periodicTasks) task.start();
    await recordOwnFeatureFlags();
  };

  return {
    get port() {
      return server?.port ?? port;
    },
    start: async () => {
      await admin.start();
      server = await listen(app, { host, port, name: 'database-gateway', variable: 'PORT', metrics: runtime.metrics });
      queue.start();
      queueGauges.start();
      try {
        await prepare();
      } catch (error) {
        // A stop aborts the wait for the database, which is not a failed start.
        if (!stopping.signal.aborted) throw error;
      }
    },
    stop: async () => {
      stopping.abort();
      admin.drain();
      await server?.close(Math.max(0, config.shutdownGraceMs - AFTER_DRAIN_MS));
      await Promise.all([listener.stop(), ...periodicTasks.map((task) => task.stop())]);
      await relay.stop();
      await Promise.all([queueGauges.stop(), queue.close()]);
      await exportsPool.close();
      await pool.close();
      await admin.stop();
    },
  };
}
