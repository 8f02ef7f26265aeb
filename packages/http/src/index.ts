export { admitServices, parseBearerToken, readTraceCarrier } from './admit-services.ts';
export {
  createAdminServer,
  type AdminServer,
  type AdminServerOptions,
  type Readiness,
  type ReadinessCheck,
  type ReadinessDetail,
} from './admin-server.ts';
export { assertFutureExpiry } from './assert-future-expiry.ts';
export {
  bindRoute,
  streamReply,
  StreamReply,
  type BoundRoute,
  type Reply,
  type RouteHandler,
  type RouteRequest,
} from './bind-route.ts';
export {
  parseCallerHeader,
  requireCaller,
  requireTenantCaller,
  toCallerHeader,
  type TenantCaller,
} from './caller-header.ts';
export { createApp, type Admission, type Admit, type AppOptions } from './create-app.ts';
export { remainingMs, TIMEOUT_HEADER } from './deadline.ts';
export { CORRELATION_HEADER, readCorrelationId } from './exchange.ts';
export { getTenantId, type Identity } from './identity.ts';
export { listen, ListenError, type HttpServer } from './listen.ts';
export {
  EXIT_CONFIG,
  runService,
  type RuntimeConfig,
  type Service,
  type ServiceDefinition,
  type ServiceRuntime,
} from './run-service.ts';
export {
  createServiceClient,
  type CallInput,
  type ServiceClient,
  type ServiceClientOptions,
  type StreamResult,
} from './service-client.ts';
export { pause } from './pause.ts';
export { createPeriodicTask, type PeriodicTask, type PeriodicTaskOptions } from './periodic-task.ts';
export { createLogLevelsRecorder } from './log-levels-recorder.ts';
export { type FeatureFlags } from './expose-feature-flags.ts';
export { reportFeatureFlags } from './report-feature-flags.ts';
export { createServiceTokens, type ServiceTokens } from './service-tokens.ts';
export { reportReadiness } from './report-readiness.ts';
