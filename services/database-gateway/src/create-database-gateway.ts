import { admitServices, createAdminServer, createApp, createServiceTokens, listen } from '@aion/http';
import type { HttpServer, Service, ServiceRuntime } from '@aion/http';
import { createAuditTrail } from './audit/audit-trail.ts';
import { createAuditVerifier } from './audit/audit-verifier.ts';
import { recordPlatformEvent } from './audit/record-platform-event.ts';
import type { DatabaseGatewayConfig } from './config.ts';
import { createRoutes } from './create-routes.ts';
import { assertConfinedRole } from './database/assert-confined-role.ts';
import { createConnectionPool } from './database/connection-pool.ts';
import { createDatabase } from './database/database.ts';
import { migrate } from './database/migrate.ts';
import { createPoolInstruments } from './database/pool-instruments.ts';
import { createSchemaUpkeep } from './database/schema-upkeep.ts';
import { waitForDatabase } from './database/wait-for-database.ts';
import { countExportEnds } from './exports/count-export-ends.ts';
import { createExportClaims } from './exports/export-claims.ts';
import { createExportReconciler } from './exports/export-reconciler.ts';
import { createExportStore } from './exports/export-store.ts';
import { createGenerationStore } from './generations/generation-store.ts';
import { createOwnKeys } from './keys/own-keys.ts';
import { createKeyStore } from './keys/key-store.ts';
import { createOutboxListener } from './outbox/outbox-listener.ts';
import { createOutboxRelay } from './outbox/outbox-relay.ts';
import { createOutboxStore } from './outbox/outbox-store.ts';
import { createQueueConnection } from './outbox/queue-connection.ts';
import { createQueueGauges } from './outbox/queue-gauges.ts';
import { repeat } from './repeat.ts';
import { createSnapshotStore } from './snapshots/snapshot-store.ts';

/** Content of long conversations and the file lists of large bundles. */
const MAX_BODY_BYTES = 32 * 1_048_576;
/** Between two looks at partitions and at the live schema. */
const SCHEMA_UPKEEP_MS = 60_000;
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
    run: () => schemaUpkeep.run(),
    pauseMs: SCHEMA_UPKEEP_MS,
    onError: (error) => logger.warn('The schema could not be looked after', { error }),
  });

  const auditing = repeat({
    run: () => parts.audit.run(),
    pauseMs: config.auditVerifyMs,
    onError: (error) => logger.warn('The audit trail could not be verified; it is tried again', { error }),
  });

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
      await relay.stop();
      await Promise.all([queueGauges.stop(), queue.close()]);
      await exportsPool.close();
      await pool.close();
      await admin.stop();
    },
  };
}

function createParts(config: DatabaseGatewayConfig, { logger, metrics }: ServiceRuntime) {
  const url = config.databaseUrl;
  const telemetry = { logger, metrics, slowQueryMs: config.slowQueryMs };
  const toPool = { url, logger, instruments: createPoolInstruments(metrics), waitMs: config.poolWaitMs };
  const pool = createConnectionPool({
    ...toPool,
    name: 'requests',
    maxConnections: config.poolSize,
    statementTimeoutMs: config.statementTimeoutMs,
  });
  const exportsPool = createConnectionPool({
    ...toPool,
    name: 'exports',
    maxConnections: 2 * config.maxSnapshots,
    statementTimeoutMs: config.maxSnapshotAgeMs,
  });
  const database = createDatabase({ ...telemetry, pool });
  const onEnd = countExportEnds(metrics);
  const queue = createQueueConnection({ ...telemetry, redisUrl: config.redisUrl, postgresUrl: config.queueUrl });
  const relay = createOutboxRelay({ ...telemetry, outbox: createOutboxStore(database), publish: queue.publish });
  return {
    pool,
    exportsPool,
    database,
    queue,
    queueGauges: createQueueGauges({ logger, metrics, read: () => queue.read() }),
    relay,
    listener: createOutboxListener({ url, logger, onAnnouncement: () => relay.wake() }),
    reconciler: createExportReconciler({
      database,
      logger,
      onEnd,
      requeueMs: config.exportRequeueMs,
      deadlineMs: config.exportDeadlineMs,
    }),
    schemaUpkeep: createSchemaUpkeep({ database, logger, metrics }),
    audit: createAuditVerifier({
      ...telemetry,
      trail: createAuditTrail(database),
      signingKey: config.auditSigningKey,
      formerKeys: config.auditFormerKeys,
      fullVerifyMs: config.auditFullVerifyMs,
    }),
    keys: createKeyStore(database),
    ownKeys: createOwnKeys(database),
    generations: createGenerationStore(database, config),
    exports: createExportStore(database),
    claims: createExportClaims(database, onEnd),
    snapshots: createSnapshotStore({
      ...telemetry,
      pool: exportsPool,
      database,
      maxSnapshots: config.maxSnapshots,
      maxSnapshotAgeMs: config.maxSnapshotAgeMs,
    }),
  };
}
