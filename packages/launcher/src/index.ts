export { LauncherError } from './platform/launcher-error.ts';
export { planPorts, SERVICE_NAMES, type PortPlan, type ServicePorts } from './platform/port-plan.ts';
export { startPlatform, type Platform, type PlatformOptions, type PlatformPart } from './platform/start-platform.ts';
