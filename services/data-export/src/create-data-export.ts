import {
  createAdminServer,
  createLogLevelsRecorder,
  createServiceClient,
  createServiceTokens,
  reportFeatureFlags,
  reportReadiness,
  type AdminServer,
  type Service,
  type ServiceRuntime,
} from '@aion/http';
import { createObjectStore, type ObjectStore } from '@aion/object-store';
import { createDatabaseGatewayClient, type DatabaseGatewayClient } from './clients/database-gateway-client.ts';
import type { DataExportConfig } from './config.ts';
import { createExportObjects } from './exports/export-objects.ts';
import { createExportService } from './exports/export-service.ts';
import { createExportWorker, type ExportWorker } from './exports/export-worker.ts';

/** Parts of the service; tests replace them by recorders. */
export interface DataExportParts {
  readonly admin: Pick<AdminServer, 'start' | 'drain' | 'readiness' | 'stop'>;
  readonly worker: ExportWorker;
  readonly gateway: { close(): Promise<void> };
  readonly objectStore: Pick<ObjectStore, 'close'>;
  /** Reports the feature flags of the process to database-gateway. */
  readonly reportFeatureFlags: (signal: AbortSignal) => Promise<void>;
}

/** Time in which an aborted run deletes its objects and releases its lease. */
const ABORT_GRACE_MS = 3_000;
/** Time to close everything after the jobs have ended. */
const AFTER_DRAIN_MS = 1_000;

/** Creates the service from its parts. */
export function createDataExport(
  config: DataExportConfig,
  runtime: ServiceRuntime,
  version: string,
  createParts: typeof createDataExportParts = createDataExportParts,
): Service {
  const { admin, worker, gateway, objectStore, reportFeatureFlags } = createParts(config, runtime, version);
  const stopping = new AbortController();
  return {
    start: async () => {
      await admin.start();
      worker.start();
      void reportReadiness(admin, runtime.logger, stopping.signal).then(() => reportFeatureFlags(stopping.signal));
    },
    stop: async () => {
      stopping.abort();
      admin.drain();
      // A running export needs the parts below to end or to release its lease.
      await worker.close();
      await gateway.close();
      await objectStore.close();
      await admin.stop();
    },
  };
}

/** Creates the parts of the service without starting them. */
export function createDataExportParts(
  config: DataExportConfig,
  runtime: ServiceRuntime,
  version: string,
): DataExportParts {
  const { logger, metrics } = runtime;
  const tokens = createServiceTokens({ secret: config.serviceTokenSecret, service: 'data-export' });
  const client = createServiceClient({
    baseUrl: config.databaseGatewayUrl,
    audience: 'database-gateway',
    tokens,
    metrics,
  });
  const gateway = createDatabaseGatewayClient(client);
  const objectStore = createObjectStore(config.objectStoreUrl);
  const worker = createWorker(config, runtime, version, gateway, objectStore);
  const { host, adminPort: port } = config;
  const admin = createAdminServer({
    ...runtime,
    service: 'data-export',
    host,
    port,
    logger,
    recordLogLevels: createLogLevelsRecorder(client),
    checks: {
      'database-gateway': () => gateway.ping(),
      'object-store': () => objectStore.ping(),
      queue: () => worker.ping(),
    },
  });
  return {
    admin,
    worker,
    gateway: client,
    objectStore,
    reportFeatureFlags: (signal) =>
      reportFeatureFlags({ gateway: client, featureFlags: runtime.featureFlags, logger, signal }),
  };
}

function createWorker(
  config: DataExportConfig,
  { logger, metrics }: ServiceRuntime,
  version: string,
  gateway: DatabaseGatewayClient,
  objectStore: ObjectStore,
): ExportWorker {
  const { signingKey, leaseMs, maxPartBytes } = config;
  const service = createExportService({
    gateway,
    objects: createExportObjects(objectStore),
    signingKey,
    metrics,
    logger: logger.child('exports'),
    version,
    leaseMs,
    maxPartBytes,
  });
  const abortGraceMs = Math.min(ABORT_GRACE_MS, config.shutdownGraceMs / 2);
  return createExportWorker({
    redisUrl: config.redisUrl,
    postgresUrl: config.queueUrl,
    service,
    worker: {
      concurrency: config.concurrency,
      // Longer than the lease, which has then expired when the queue passes the job of a dead worker to another.
      lockDurationMs: 2 * leaseMs,
      stalledIntervalMs: leaseMs,
      graceMs: Math.max(0, config.shutdownGraceMs - abortGraceMs - AFTER_DRAIN_MS),
      abortGraceMs,
    },
    logger,
    metrics,
  });
}
