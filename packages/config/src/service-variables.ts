import { logVariables } from './log-variables.ts';
import { metricsVariables } from './metrics-variables.ts';
import { tracingVariables } from './tracing-variables.ts';
import { types, variable } from './variable.ts';

/** The variables that every service has. */
export function serviceVariables(defaults: { readonly port: number; readonly adminPort: number }) {
  return {
    host: variable('AION_HOST', types.text(), {
      description: 'The address that the public and the admin port listen on.',
      example: '127.0.0.1',
      fallback: '127.0.0.1',
    }),
    port: variable('PORT', types.port(), {
      description: 'The port of the service.',
      example: String(defaults.port),
      fallback: String(defaults.port),
    }),
    adminPort: variable('AION_ADMIN_PORT', types.port(), {
      description: 'The port of `/healthz`, `/readyz`, `/metrics` and `/debug`; never expose it to the public.',
      example: String(defaults.adminPort),
      fallback: String(defaults.adminPort),
    }),
    environment: variable('AION_ENVIRONMENT', types.oneOf(['development', 'staging', 'production']), {
      description: 'Sets the defaults of sampling and of the log format.',
      example: 'production',
      fallback: 'production',
    }),
    serviceTokenSecret: variable('AION_SERVICE_TOKEN_SECRET', types.secret(32), {
      description: 'The key that signs the tokens with which services call each other; the same for all four.',
      example: '<64 random hex digits>',
      secret: true,
    }),
    shutdownGraceMs: variable('AION_SHUTDOWN_GRACE_MS', types.integer(0, 600_000), {
      description: 'How long a stopping service may take to finish what it has begun, in milliseconds.',
      example: '20000',
      fallback: '20000',
    }),
    ...logVariables,
    ...metricsVariables,
    ...tracingVariables,
  };
}
