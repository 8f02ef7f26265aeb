import { logVariables } from './log-variables.ts';
import { metricsVariables } from './metrics-variables.ts';
import { tracingVariables } from './tracing-variables.ts';
import { types, variable } from './variable.ts';

/** Returns the variables that all services have in common. */
export function serviceVariables(defaults: { readonly port: number; readonly adminPort: number }) {
  return {
    host: variable('AION_HOST', types.text(), {
      description: 'Address that the service port and the admin port listen on.',
      example: '127.0.0.1',
      fallback: '127.0.0.1',
    }),
    port: variable('PORT', types.port(), {
      description: 'Port of the service.',
      example: String(defaults.port),
      fallback: String(defaults.port),
    }),
    adminPort: variable('AION_ADMIN_PORT', types.port(), {
      description: 'Port of `/healthz`, `/readyz`, `/metrics` and `/debug`; must not be publicly reachable.',
      example: String(defaults.adminPort),
      fallback: String(defaults.adminPort),
    }),
    environment: variable('AION_ENVIRONMENT', types.oneOf(['development', 'staging', 'production']), {
      description: 'Deployment environment; determines the defaults of trace sampling and log format.',
      example: 'production',
      fallback: 'production',
    }),
    serviceTokenSecret: variable('AION_SERVICE_TOKEN_SECRET', types.secret(32), {
      description: 'Key that signs the tokens of calls between services; must be the same for all four services.',
      example: '<64 random hex digits>',
      secret: true,
    }),
    shutdownGraceMs: variable('AION_SHUTDOWN_GRACE_MS', types.integer(0, 600_000), {
      description: 'Maximum time to finish running work at shutdown, in milliseconds.',
      example: '20000',
      fallback: '20000',
    }),
    ...logVariables,
    ...metricsVariables,
    ...tracingVariables,
  };
}
