export { LauncherError } from './platform/launcher-error.ts';
export type { PlatformOptions, PlatformPart } from './platform/platform-options.ts';
export { planPorts, SERVICE_NAMES, type PortPlan, type ServicePorts } from './platform/port-plan.ts';
export { startPlatform, type Platform } from './platform/start-platform.ts';
