export { catalogue } from './catalogue.ts';
export { toolVersions } from './tool-versions.ts';
export { toolsBin, toolsCache } from './tools-cache.ts';
export { UnknownToolError } from './tool-errors.ts';
export type { InstalledTool, Tool } from './tool.ts';
