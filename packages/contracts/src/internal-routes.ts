import { internalGenerationRoutes } from './internal/generations.ts';
import { internalFileRoutes, internalStrayObjectRoutes } from './internal/files.ts';
import { internalInferenceRoutes } from './internal/inference.ts';
import { internalPlatformEventRoutes } from './internal/platform-events.ts';
import { internalApiKeyRoutes } from './internal/keys.ts';
import { internalExportRoutes } from './internal/exports.ts';
import { internalSealingKeyRoutes } from './internal/sealing-keys.ts';
import { internalProviderRoutes } from './internal/providers.ts';
import { internalOperatorRoutes } from './internal/operators.ts';
import { internalPingRoutes } from './internal/ping.ts';
import type { Route } from './route.ts';

/** Routes between the services of AION by resource. */
export const internalRoutes = {
  generations: internalGenerationRoutes,
  files: internalFileRoutes,
  strayObjects: internalStrayObjectRoutes,
  inference: internalInferenceRoutes,
  platformEvents: internalPlatformEventRoutes,
  apiKeys: internalApiKeyRoutes,
  exports: internalExportRoutes,
  sealingKeys: internalSealingKeyRoutes,
  providers: internalProviderRoutes,
  operators: internalOperatorRoutes,
  ping: internalPingRoutes,
};

/** Every route between services, without those that `internalRoute` derives from public ones. */
export const INTERNAL_ROUTES: readonly Route[] = Object.values(internalRoutes).flatMap((group) =>
  Object.values<Route>(group),
);
