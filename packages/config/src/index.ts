export { configTable } from './config-table.ts';
export { ConfigError, loadConfig, type ConfigOf, type Environment, type Variables } from './load-config.ts';
export { serviceVariables } from './service-variables.ts';
export { optionalVariable, types, variable, type Variable, type VariableOptions } from './variable.ts';
export { checkQueue, databaseGatewayUrl, inferenceLimits, queueVariables } from './shared-variables.ts';
