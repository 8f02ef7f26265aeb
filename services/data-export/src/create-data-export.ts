import {
  createAdminServer,
  createServiceClient,
  createServiceTokens,
  recordLogLevelsBy,
  reportReadiness,
  reportSwitches,
  type AdminServer,
  type Service,
  type ServiceRuntime,
} from '@aion/http';
import { createObjectStore, type ObjectStore } from '@aion/object-store';
import { createDatabaseGatewayClient, type DatabaseGatewayClient } from './clients/database-gateway-client.ts';
import type { DataExportConfig } from './config.ts';
import { ExportMetrics } from './exports/export-metrics.ts';
import { createExportObjects } from './exports/export-objects.ts';
import { createExportService } from './exports/export-service.ts';
import { createExportWorker, type ExportWorker } from './exports/export-worker.ts';
import { createRunExportHandler } from './exports/run-export-job.ts';

/** What the service is made of; tests put recorders in their places. */
export interface DataExportParts {
  readonly admin: Pick<AdminServer, 'start' | 'drain' | 'readiness' | 'stop'>;
  readonly worker: ExportWorker;
  readonly gateway: { close(): Promise<void> };
  readonly objectStore: Pick<ObjectStore, 'close'>;
  /** Tells which switches of the process are on. */
  readonly tellSwitches: (signal: AbortSignal) => Promise<void>;
}

/** A run that is stopped sweeps its objects and gives its lease back in this time. */
const ABORT_GRACE_MS = 3_000;
/** For closing everything when the jobs have ended. */
const AFTER_DRAIN_MS = 1_000;

/** The composition root of data-export. */
export function createDataExport(
  config: DataExportConfig,
  runtime: ServiceRuntime,
  version: string,
  createParts: typeof createDataExportParts = createDataExportParts,
): Service {
  const { admin, worker, gateway, objectStore, tellSwitches } = createParts(config, runtime, version);
  const stopping = new AbortController();
  return {
    start: async () => {
      await admin.start();
      worker.start();
      void reportReadiness(admin, runtime.logger, stopping.signal).then(() => tellSwitches(stopping.signal));
    },
    stop: async () => {
      stopping.abort();
      admin.drain();
      // What a running export needs to end or to give itself back is closed after it.
      await worker.close();
      await gateway.close();
      await objectStore.close();
      await admin.stop();
    },
  };
}

/** Creates the parts of the service, and starts none. */
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
    recordLogLevels: recordLogLevelsBy(client),
    checks: {
      'database-gateway': () => gateway.ping(),
      'object-store': () => objectStore.ping(),
      queue: () => worker.ping(),
    },
  });
  const tellSwitches = (signal: AbortSignal): Promise<void> =>
    reportSwitches({ gateway: client, switches: runtime.switches, logger, signal });
  return { admin, worker, gateway: client, objectStore, tellSwitches };
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
    metrics: new ExportMetrics(metrics),
    logger: logger.child('exports'),
    version,
    leaseMs,
    maxPartBytes,
  });
  const abortGraceMs = Math.min(ABORT_GRACE_MS, config.shutdownGraceMs / 2);
  return createExportWorker({
    redisUrl: config.redisUrl,
    postgresUrl: config.queueUrl,
    handler: createRunExportHandler(service),
    worker: {
      concurrency: config.concurrency,
      // Longer than the lease: when the queue gives a dead worker's job to another, its lease has run out.
      lockDurationMs: 2 * leaseMs,
      stalledIntervalMs: leaseMs,
      graceMs: Math.max(0, config.shutdownGraceMs - abortGraceMs - AFTER_DRAIN_MS),
      abortGraceMs,
    },
    logger,
    metrics,
  });
}
