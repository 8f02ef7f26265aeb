import type { ServiceRuntime } from '@aion/http';
import { createAuditTrailStore } from './audit/audit-trail-store.ts';
import { createAuditVerifier } from './audit/audit-verifier.ts';
import { createHeadsFile } from './audit/heads-file.ts';
import type { DatabaseGatewayConfig } from './config.ts';
import { createConnectionPool } from './database/connection-pool.ts';
import { createDatabase } from './database/database.ts';
import { createPoolInstruments } from './database/pool-instruments.ts';
import { createSchemaMaintenance } from './database/schema-maintenance.ts';
import { countExportEnds } from './exports/count-export-ends.ts';
import { createExportClaims } from './exports/export-claims.ts';
import { createExportReconciler } from './exports/export-reconciler.ts';
import { createExportDownloads } from './exports/export-downloads.ts';
import { createGenerationStore } from './generations/generation-store.ts';
import { createOutboxListener } from './outbox/outbox-listener.ts';
import { createOutboxRelay } from './outbox/outbox-relay.ts';
import { createOutboxStore } from './outbox/outbox-store.ts';
import { createQueueConnection } from './outbox/queue-connection.ts';
import { createQueueGauges } from './outbox/queue-gauges.ts';
import { createSnapshotStore } from './snapshots/snapshot-store.ts';
import { createUsageRollup } from './usage/usage-rollup.ts';

/** Creates the parts of database-gateway. Nothing connects or starts before it is used. */
export function createParts(config: DatabaseGatewayConfig, { logger, metrics }: ServiceRuntime) {
  const url = config.databaseUrl;
  const telemetry = { logger, metrics, slowQueryMs: config.slowQueryMs };
  const poolOptions = {
    url,
    logger,
    instruments: createPoolInstruments(metrics),
    waitMs: config.poolWaitMs,
    maxWaiting: config.poolQueue,
  };
  const pool = createConnectionPool({
    ...poolOptions,
    name: 'requests',
    maxConnections: config.poolSize,
    statementTimeoutMs: config.statementTimeoutMs,
  });
  const exportsPool = createConnectionPool({
    ...poolOptions,
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
    settings: { retention: { bounds: config.retentionBounds, loweringDelayDays: config.retentionLoweringDelayDays } },
    queue,
    queueGauges: createQueueGauges({ logger, metrics, read: () => queue.read() }),
    relay,
    listener: createOutboxListener({ url, logger, onNotification: () => relay.wake() }),
    reconciler: createExportReconciler({
      database,
      logger,
      onEnd,
      requeueMs: config.exportRequeueMs,
      deadlineMs: config.exportDeadlineMs,
    }),
    schemaMaintenance: createSchemaMaintenance({ database, logger, metrics }),
    audit: createAuditVerifier({
      ...telemetry,
      trail: createAuditTrailStore(database),
      signingKey: config.auditSigningKey,
      formerKeys: config.auditFormerKeys,
      fullVerifyMs: config.auditFullVerifyMs,
      headsFile: createHeadsFile(config.auditHeadsFile),
    }),
    usage: createUsageRollup({ database, logger, metrics }),
    generations: createGenerationStore(database, config),
    downloads: createExportDownloads(database),
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
