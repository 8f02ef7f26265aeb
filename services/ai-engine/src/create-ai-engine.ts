import { internalRoutes } from '@aion/contracts';
import {
  admitServices,
  createAdminServer,
  createApp,
  createLogLevelsRecorder,
  createServiceClient,
  createServiceTokens,
  listen,
  reportFeatureFlags,
  reportReadiness,
  type HttpServer,
  type Service,
  type ServiceRuntime,
} from '@aion/http';
import { createGenerationStore } from './clients/database-gateway-generation-store.ts';
import type { AiEngineConfig } from './config.ts';
import { createChatService } from './inference/chat-service.ts';
import { createInferenceMetrics } from './inference/inference-metrics.ts';
import { createInferenceRoutes } from './inference/inference-routes.ts';
import { createEmbeddedProvider } from './providers/embedded/create-embedded-provider.ts';
import { createOpenAiCompatibleProvider } from './providers/openai-compatible/create-openai-compatible-provider.ts';
import type { Provider } from './providers/provider.ts';
import { createProviderRegistry } from './providers/provider-registry.ts';

/** Creates the service; the composition root of ai-engine. */
export function createAiEngine(config: AiEngineConfig, runtime: ServiceRuntime): Service {
  const { logger, metrics, tracing } = runtime;
  const { host, port, serviceTokenSecret, shutdownGraceMs } = config;
  const tokens = createServiceTokens({ secret: serviceTokenSecret, service: 'ai-engine' });
  const gateway = createServiceClient({
    baseUrl: config.databaseGatewayUrl,
    audience: 'database-gateway',
    tokens,
    metrics,
  });
  const providers = createProviders(config, runtime);
  const registry = createProviderRegistry(providers, logger.child('providers'));
  const chat = createChatService({
    registry,
    store: createGenerationStore(gateway),
    metrics: createInferenceMetrics(
      metrics,
      providers.map((provider) => provider.name),
    ),
    prices: config.prices,
    logger: logger.child('inference'),
  });
  const app = createApp({
    routes: createInferenceRoutes({ chat, registry }),
    admit: admitServices(tokens),
    logger: logger.child('http'),
    metrics,
    maxBodyBytes: config.maxBodyBytes,
    timeoutMs: config.requestTimeoutMs,
  });
  const admin = createAdminServer({
    service: 'ai-engine',
    host,
    port: config.adminPort,
    logger,
    metrics,
    tracing,
    logLevels: runtime.logLevels,
    recordLogLevels: createLogLevelsRecorder(gateway),
    checks: { 'database-gateway': () => gateway.call(internalRoutes.ping.databaseGateway, {}) },
  });
  const stopped = new AbortController();
  let server: HttpServer | undefined;
  return {
    start: async () => {
      await admin.start();
      server = await listen(app, { host, port, name: 'ai-engine', variable: 'PORT', metrics });
      logger.info('Service is listening', { port: server.port, providers: providers.map((provider) => provider.name) });
      await reportReadiness(admin, logger, stopped.signal);
      await reportFeatureFlags({ gateway, featureFlags: runtime.featureFlags, logger, signal: stopped.signal });
    },
    stop: async () => {
      stopped.abort();
      admin.drain();
      await server?.close(shutdownGraceMs);
      await chat.drain();
      await registry.close();
      await gateway.close();
      await admin.stop();
    },
  };
}

function createProviders(config: AiEngineConfig, { logger, metrics }: ServiceRuntime): readonly Provider[] {
  const embedded = createEmbeddedProvider({ modelsDir: config.modelsDir, logger, metrics });
  if (config.openAiApiKey === undefined && config.openAiBaseUrl === undefined) return [embedded];
  const openAi = createOpenAiCompatibleProvider({
    name: 'openai',
    baseUrl: config.openAiBaseUrl ?? 'https://api.openai.com/v1',
    apiKey: config.openAiApiKey,
    retries: config.providerRetries,
  });
  return [embedded, openAi];
}
