import { loadConfig, types, variable, type Environment } from '@aion/config';
import type { ServiceName } from '@aion/contracts';
import type { PortPlan, ServicePorts } from './platform/port-plan.ts';
import { urlOf } from './platform/service-environment.ts';

const port = (name: string, fallback: number, what: string) =>
  variable(name, types.port(), { description: `The ${what}.`, example: String(fallback), fallback: String(fallback) });

/** The ports of `pnpm start`: one machine runs all four, so that each has a variable of its own. */
export const startVariables = {
  webApi: port('PORT', 8080, 'port of web-api'),
  webApiAdmin: port('AION_ADMIN_PORT', 9464, 'admin port of web-api'),
  aiEngine: port('AION_AI_ENGINE_PORT', 8081, 'port of ai-engine'),
  aiEngineAdmin: port('AION_AI_ENGINE_ADMIN_PORT', 9465, 'admin port of ai-engine'),
  databaseGateway: port('AION_DATABASE_GATEWAY_PORT', 8082, 'port of database-gateway'),
  databaseGatewayAdmin: port('AION_DATABASE_GATEWAY_ADMIN_PORT', 9466, 'admin port of database-gateway'),
  dataExport: port('AION_DATA_EXPORT_PORT', 8083, 'port of data-export'),
  dataExportAdmin: port('AION_DATA_EXPORT_ADMIN_PORT', 9467, 'admin port of data-export'),
};

/** Reads the ports. @throws ConfigError with every problem */
export function loadStartPorts(env: Environment): PortPlan {
  const config = loadConfig(startVariables, env);
  const pair = (servicePort: number, adminPort: number): ServicePorts => ({ port: servicePort, adminPort });
  return {
    'web-api': pair(config.webApi, config.webApiAdmin),
    'ai-engine': pair(config.aiEngine, config.aiEngineAdmin),
    'database-gateway': pair(config.databaseGateway, config.databaseGatewayAdmin),
    'data-export': pair(config.dataExport, config.dataExportAdmin),
  };
}

/** The caller's environment as it is, with the service's own ports and the places of the others where they are not given. */
export function startEnvironmentOf(service: ServiceName, env: Environment, ports: PortPlan, host: string) {
  return {
    AION_AI_ENGINE_URL: urlOf(host, ports['ai-engine'].port),
    AION_DATABASE_GATEWAY_URL: urlOf(host, ports['database-gateway'].port),
    ...env,
    PORT: String(ports[service].port),
    AION_ADMIN_PORT: String(ports[service].adminPort),
  };
}
