import { admitServices, createAdminServer, createApp, createServiceTokens, listen } from '@aion/http';
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
import { repeat } from './repeat.ts';

/** Content of long conversations and the file lists of large bundles. */
const MAX_BODY_BYTES = 32 * 1_048_576;
/** Between two moves of what was settled into the sums of its day. */
const USAGE_FOLD_MS = 2_000;
/** Between two comparisons of these sums with what they are the sums of. */
const USAGE_WATCH_MS = 3_600_000;
/** Left of the grace period for what follows the last request. */
const AFTER_DRAIN_MS = 2_000;

/** database-gateway, with the port that it listens on once it has started. */
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
  const { pool, exportsPool, database, queue, queueGauges, relay, listener, reconciler, schemaUpkeep } = parts;

  const checks = {
    database: async () => {
      if (!isReady) throw new Error('the schema is not prepared yet');
      await database.query({ operation: 'SELECT', table: 'pg_catalog', text: 'SELECT 1' });
    },
    queue: () => queue.ping(),
    // Reads and writes go on while the schema differs; exports do not.
    schema: () => Promise.resolve(schemaUpkeep.readiness()),
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
        ...{ action: 'log_levels.changed', actor: `service:${by}`, service: 'database-gateway' },
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
    // The longest request is the one that holds a snapshot; its age ends it first.
    timeoutMs: config.maxSnapshotAgeMs + 60_000,
  });
  const reconciliation = repeat({
    run: () => reconciler.reconcile(),
    pauseMs: Math.min(config.exportRequeueMs, 15_000),
    onError: (error) => logger.warn('Exports could not be looked after', { error }),
  });
  const upkeep = repeat({
    run: async () => {
      await schemaUpkeep.run();
      await deleteExpiredIdempotencyKeys(database);
    },
    pauseMs: config.schemaCheckMs,
    onError: (error) => logger.warn('The schema could not be looked after', { error }),
  });

  const auditing = repeat({
    run: () => parts.audit.run(),
    pauseMs: config.auditVerifyMs,
    onError: (error) => logger.warn('The audit trail could not be verified; it is tried again', { error }),
  });

  const folding = repeat({
    run: () => parts.usage.rollUp(),
    pauseMs: USAGE_FOLD_MS,
    onError: (error) => logger.warn('Usage could not be summed up; it is tried again', { error }),
  });
  const usageWatch = repeat({
    run: () => parts.usage.checkConsistency(),
    pauseMs: USAGE_WATCH_MS,
    onError: (error) => logger.warn('Usage could not be compared with generations; it is tried again', { error }),
  });

  const recordOwnSwitches = async (): Promise<void> => {
    if (runtime.switches === undefined) return;
    await recordFeatureFlags(database, 'database-gateway', runtime.switches).catch((error: unknown) =>
      logger.warn('The switches of this process are not in the audit trail', { error }),
    );
  };
  const prepare = async (): Promise<void> => {
    await waitForDatabase({ url: config.migrationUrl, logger, signal: stopping.signal });
    const applied = await migrate({ url: config.migrationUrl, logger });
    if (applied.length > 0) logger.info('Migrations were applied', { migrations: applied });
    await assertConfinedRole(database);
    // Before the first request, so that its rows have a partition to go to.
    await schemaUpkeep.run();
    if (stopping.signal.aborted) return;
    isReady = true;
    upkeep.start();
    relay.start();
    listener.start();
    reconciliation.start();
    auditing.start();
    folding.start();
    usageWatch.start();
    await recordOwnSwitches();
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
        // Stopping ends the wait for the database; that is no failure of the start.
        if (!stopping.signal.aborted) throw error;
      }
    },
    stop: async () => {
      stopping.abort();
      admin.drain();
      await server?.close(Math.max(0, config.shutdownGraceMs - AFTER_DRAIN_MS));
      await Promise.all([reconciliation.stop(), upkeep.stop(), auditing.stop(), listener.stop()]);
      await Promise.all([folding.stop(), usageWatch.stop()]);
      await relay.stop();
      await Promise.all([queueGauges.stop(), queue.close()]);
      await exportsPool.close();
      await pool.close();
      await admin.stop();
    },
  };
}
