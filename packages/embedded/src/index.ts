export { EmbeddedPostgresError } from './embedded-postgres-error.ts';
export type { EmbeddedPostgresErrorCode } from './embedded-postgres-error.ts';
export { freePort } from './free-port.ts';
export { isAlive } from './is-alive.ts';
export { startEmbeddedPostgres } from './start-embedded-postgres.ts';
export type { EmbeddedPostgres, StartEmbeddedPostgresOptions } from './start-embedded-postgres.ts';
