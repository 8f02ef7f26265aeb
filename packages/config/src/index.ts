export { configTable } from './config-table.ts';
export { ConfigError, loadConfig, type ConfigOf, type Environment, type Variables } from './load-config.ts';
export { logVariables } from './log-variables.ts';
export { metricsVariables } from './metrics-variables.ts';
export { serviceVariables } from './service-variables.ts';
export { TELEMETRY_SUBJECTS, type TelemetrySubject } from './telemetry-subjects.ts';
export { tracingVariables } from './tracing-variables.ts';
export { optionalVariable, types, variable, type Variable, type VariableOptions } from './variable.ts';
export { checkQueue, databaseGatewayUrl, inferenceLimits, queueVariables } from './shared-variables.ts';
