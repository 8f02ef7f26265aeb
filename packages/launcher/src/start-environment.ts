import { loadConfig, types, variable, type Environment } from '@aion/config';
import type { ServiceName } from '@aion/contracts';
import type { PortPlan, ServicePorts } from './platform/port-plan.ts';
import { toReachableUrl } from './platform/service-environment.ts';

/** Port variables of `pnpm start`: all four services run on one machine, so each has its own variables. */
export const startVariables = {
  webApi: portVariable('PORT', 8080, 'The port of web-api.'),
  webApiAdmin: portVariable('AION_ADMIN_PORT', 9464, 'The admin port of web-api.'),
  aiEngine: portVariable('AION_AI_ENGINE_PORT', 8081, 'The port of ai-engine.'),
  aiEngineAdmin: portVariable('AION_AI_ENGINE_ADMIN_PORT', 9465, 'The admin port of ai-engine.'),
  databaseGateway: portVariable('AION_DATABASE_GATEWAY_PORT', 8082, 'The port of database-gateway.'),
  databaseGatewayAdmin: portVariable('AION_DATABASE_GATEWAY_ADMIN_PORT', 9466, 'The admin port of database-gateway.'),
  dataExport: portVariable('AION_DATA_EXPORT_PORT', 8083, 'The port of data-export.'),
  dataExportAdmin: portVariable('AION_DATA_EXPORT_ADMIN_PORT', 9467, 'The admin port of data-export.'),
};

/** Reads the ports from the environment. @throws ConfigError with every problem */
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

/** Returns the environment of the caller with the ports of the service and with default URLs of the other services. */
export function createStartEnvironment(service: ServiceName, env: Environment, ports: PortPlan, host: string) {
  return {
    AION_AI_ENGINE_URL: toReachableUrl(host, ports['ai-engine'].port),
    AION_DATABASE_GATEWAY_URL: toReachableUrl(host, ports['database-gateway'].port),
    ...env,
    PORT: String(ports[service].port),
    AION_ADMIN_PORT: String(ports[service].adminPort),
  };
}

function portVariable(name: string, fallback: number, description: string) {
  return variable(name, types.port(), { description, example: String(fallback), fallback: String(fallback) });
}
