import { type ServiceName, internalRoutes } from '@aion/contracts';
import {
  createAdminServer,
  createApp,
  createLogLevelsRecorder,
  createServiceClient,
  createServiceTokens,
  listen,
  reportFeatureFlags,
  reportReadiness,
  type BoundRoute,
  type HttpServer,
  type Service,
  type ServiceClient,
  type ServiceRuntime,
} from '@aion/http';
import { createObjectStore, type ObjectStore } from '@aion/object-store';
import { createEncryption, type Encryption } from '@aion/encryption';
import helmet from 'helmet';
import { admitCallers } from './admission/admit-callers.ts';
import type { WebApiConfig } from './config.ts';
import { createBundleObjects } from './downloads/bundle-objects.ts';
import { createDownloadLinks, type DownloadLinks } from './downloads/download-links.ts';
import { createDownloadRoutes } from './downloads/download-routes.ts';
import { createExportRoutes } from './exports/export-routes.ts';
import { createFileRoutes } from './files/file-routes.ts';
import { createOrphanedObjectCleaner, type OrphanedObjectCleaner } from './files/orphaned-object-cleaner.ts';
import { createInferenceRoutes } from './inference/inference-routes.ts';
import { createKeyAuthenticator, type KeyAuthenticator } from './keys/key-authenticator.ts';
import { createCachedKeyLookup, createKeyLookup, createOperatorLookup } from './keys/cached-key-lookup.ts';
import { createKeyIssuer } from './keys/key-issuer.ts';
import { createKeyRoutes } from './keys/key-routes.ts';
import { createKeyUseWriter, createKeyUsageRecorder, createOperatorUseWriter } from './keys/key-usage-recorder.ts';
import { createManagementRoutes } from './management/management-routes.ts';
import { createMetaRoutes } from './meta/meta-routes.ts';
import { createOperatorRoutes } from './operators/operator-routes.ts';
import { createProviderRoutes } from './providers/provider-routes.ts';
import { createRotationRoutes } from './providers/rotation-routes.ts';
import { watchEncryptedRows } from './providers/watch-encrypted-rows.ts';

/** A stream occupies a connection while it lasts, so this limits the streams of one process. */
const MAX_INFERENCE_CONNECTIONS = 1_024;

/** Dependencies that the routes share. */
interface Parts {
  readonly config: WebApiConfig;
  readonly runtime: ServiceRuntime;
  readonly version: string;
  readonly aiEngine: ServiceClient;
  readonly database: ServiceClient;
  readonly objectStore: ObjectStore;
  readonly cleaner: OrphanedObjectCleaner;
  readonly links: DownloadLinks;
  readonly encryption: Encryption;
  readonly authenticator: KeyAuthenticator;
  readonly stopping: AbortSignal;
}

/** Creates web-api. It listens after `start`, even while the other services are not reachable. */
export function createWebApi(config: WebApiConfig, runtime: ServiceRuntime, version: string): Service {
  const { logger, metrics, tracing } = runtime;
  const stopping = new AbortController();
  const parts = createParts(config, runtime, version, stopping.signal);
  const { aiEngine, database, objectStore, cleaner } = parts;
  const admin = createAdminServer({
    service: 'web-api',
    host: config.host,
    port: config.adminPort,
    logger,
    metrics,
    tracing,
    logLevels: runtime.logLevels,
    recordLogLevels: createLogLevelsRecorder(database),
    checks: {
      'database-gateway': () => database.call(internalRoutes.ping.databaseGateway, {}),
      'ai-engine': () => aiEngine.call(internalRoutes.ping.aiEngine, {}),
      'object-store': () => objectStore.ping(),
    },
  });
  let server: HttpServer | undefined;
  let readiness = Promise.resolve();
  let watch = Promise.resolve();

  return {
    start: async () => {
      await admin.start();
      server = await listen(createPublicApp(parts), {
        host: config.host,
        port: config.port,
        name: 'web-api',
        variable: 'PORT',
        metrics,
        // Uploads may take this long; other bodies are limited by the timeout of their requests.
        requestTimeoutMs: config.streamTimeoutMs + 60_000,
      });
      logger.info('Service is listening', { host: config.host, port: server.port });
      cleaner.start();
      readiness = reportReadiness(admin, logger, stopping.signal).then(() =>
        reportFeatureFlags({ gateway: database, featureFlags: runtime.featureFlags, logger, signal: stopping.signal }),
      );
      watch = watchEncryptedRows({ database, encryption: parts.encryption, metrics, logger, signal: stopping.signal });
    },
    // Callers first, then their dependencies; the admin port last, so that a stopping service can be monitored.
    stop: async () => {
      admin.drain();
      stopping.abort();
      await server?.close(config.shutdownGraceMs);
      await cleaner.stop();
      await Promise.all([aiEngine.close(), database.close(), objectStore.close(), readiness, watch]);
      await admin.stop();
    },
  };
}

function createParts(config: WebApiConfig, runtime: ServiceRuntime, version: string, stopping: AbortSignal): Parts {
  const tokens = createServiceTokens({ secret: config.serviceTokenSecret, service: 'web-api' });
  const connect = (audience: ServiceName, baseUrl: string, maxConnections?: number) =>
    createServiceClient({
      baseUrl,
      audience,
      tokens,
      metrics: runtime.metrics,
      ...(maxConnections === undefined ? {} : { maxConnections }),
    });
  const database = connect('database-gateway', config.databaseGatewayUrl);
  const objectStore = createObjectStore(config.objectStoreUrl);
  return {
    config,
    runtime,
    version,
    aiEngine: connect('ai-engine', config.aiEngineUrl, MAX_INFERENCE_CONNECTIONS),
    database,
    objectStore,
    cleaner: createOrphanedObjectCleaner({ database, objectStore, logger: runtime.logger }),
    links: createDownloadLinks({ secret: config.downloadSecret }),
    encryption: createEncryption({ key: config.encryptionKey, formerKeys: config.formerEncryptionKeys }),
    authenticator: createAuthenticator(config, database),
    stopping,
  };
}

function createAuthenticator({ keyPepper, initSecret }: WebApiConfig, database: ServiceClient): KeyAuthenticator {
  return createKeyAuthenticator({
    keys: createCachedKeyLookup({ lookUp: createKeyLookup(database) }),
    keyUsage: createKeyUsageRecorder({ record: createKeyUseWriter(database) }),
    operators: createCachedKeyLookup({ lookUp: createOperatorLookup(database) }),
    operatorUsage: createKeyUsageRecorder({ record: createOperatorUseWriter(database) }),
    pepper: keyPepper,
    initSecret,
  });
}

function createPublicApp(parts: Parts) {
  const { config, runtime, authenticator, links } = parts;
  return createApp({
    routes: createRoutes(parts),
    admit: admitCallers({ authenticator, downloadLinks: links }),
    logger: runtime.logger,
    metrics: runtime.metrics,
    maxBodyBytes: config.maxBodyBytes,
    timeoutMs: config.requestTimeoutMs,
    middleware: [helmet()],
  });
}

function createRoutes(parts: Parts): BoundRoute[] {
  const { config, runtime, aiEngine, database, objectStore, cleaner, links, encryption, authenticator } = parts;
  const keyIssuer = createKeyIssuer({ pepper: config.keyPepper, encryption });
  const publicUrl = (config.publicUrl ?? `http://${config.host}:${config.port}`).replace(/\/+$/, '');
  const { streamTimeoutMs, exportPollMs } = config;
  const objects = createBundleObjects(objectStore);
  return [
    ...createInferenceRoutes({ aiEngine, timeoutMs: config.requestTimeoutMs }),
    ...createManagementRoutes(database),
    ...createOperatorRoutes({ database, keyIssuer }),
    ...createKeyRoutes({ database, keyIssuer }),
    ...createProviderRoutes({ database, encryption }),
    ...createRotationRoutes({ database, encryption }),
    ...createExportRoutes({
      database,
      authenticator,
      logger: runtime.logger,
      pollMs: exportPollMs,
      watchLimitMs: streamTimeoutMs,
      stopping: parts.stopping,
    }),
    ...createFileRoutes({
      database,
      objectStore,
      objects,
      cleaner,
      logger: runtime.logger,
      maxBytes: config.maxFileBytes,
      timeoutMs: streamTimeoutMs,
    }),
    ...createDownloadRoutes({ database, objects, links, publicUrl, timeoutMs: streamTimeoutMs }),
    ...createMetaRoutes(parts.version),
  ];
}
