import { types, variable } from './variable.ts';

/** Base URL of database-gateway, for the services that call it. */
export const databaseGatewayUrl = variable('AION_DATABASE_GATEWAY_URL', types.url('http', 'https'), {
  description: 'Base URL of database-gateway.',
  example: 'http://127.0.0.1:8082',
  fallback: 'http://127.0.0.1:8082',
});
