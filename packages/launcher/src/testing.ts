/** Parts of the launcher that end-to-end tests use separately. */
export type { Evidence } from './demo/evidence.ts';
export { assertPortsFree } from './platform/assert-ports-free.ts';
export { bootstrapDatabases } from './platform/database.ts';
export { ensureOperator } from './platform/ensure-operator.ts';
export { generateSecrets, type PlatformSecrets } from './platform/secrets.ts';
export { toAdminUrls, toObjectStoreUrl } from './platform/service-environment.ts';
export { runMain } from './run-main.ts';
