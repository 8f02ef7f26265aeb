import { InvalidSigningKeyError, signingKeySchema, toPublicKeyObject } from '@aion/bundle';
import {
  checkQueue,
  loadConfig,
  optionalVariable,
  queueVariables,
  serviceVariables,
  types,
  variable,
  type ConfigOf,
  type Environment,
} from '@aion/config';
import { z } from 'zod';
import { retentionBounds } from './retention/retention-bounds.ts';

/** Public keys in OpenSSH format, separated by commas. */
const sshPublicKeys = z.string().transform((text, context) => {
  const keys = text
    .split(',')
    .map((key) => key.trim())
    .filter((key) => key !== '');
  for (const key of keys) {
    try {
      toPublicKeyObject(key);
    } catch (error) {
      if (!(error instanceof InvalidSigningKeyError)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
    }
  }
  return keys;
});

const postgresUrl = () => types.url('postgres', 'postgresql');

/** Configuration variables of database-gateway. */
export const databaseGatewayVariables = {
  ...serviceVariables({ port: 8082, adminPort: 9466 }),
  ...queueVariables,
  databaseUrl: variable('DATABASE_URL', postgresUrl(), {
    description:
      'URL of the database with the role `aion_app`, which owns nothing and cannot bypass row-level security.',
    example: 'postgresql://aion_app:password@127.0.0.1:5432/aion',
    secret: true,
  }),
  migrationUrl: variable('AION_MIGRATION_DATABASE_URL', postgresUrl(), {
    description:
      'URL of the same database with the role `aion_owner`, which runs the migrations at the start; not through a pooler.',
    example: 'postgresql://aion_owner:password@127.0.0.1:5432/aion',
    secret: true,
  }),
  poolSize: variable('AION_DATABASE_POOL_SIZE', types.integer(1, 500), {
    description: 'Maximum number of connections that requests share.',
    example: '20',
    fallback: '20',
  }),
  poolWaitMs: variable('AION_DATABASE_POOL_WAIT_MS', types.integer(10, 60_000), {
    description: 'Maximum time that a request waits for a connection before it is answered with 503, in milliseconds.',
    example: '2000',
    fallback: '2000',
  }),
  poolQueue: variable('AION_DATABASE_POOL_QUEUE', types.integer(0, 100_000), {
    description:
      'Maximum number of requests that wait for a connection; a further one is answered with 503 immediately.',
    example: '1000',
    fallback: '1000',
  }),
  statementTimeoutMs: variable('AION_DATABASE_STATEMENT_TIMEOUT_MS', types.integer(100, 600_000), {
    description: 'Maximum duration of one query of a request, in milliseconds.',
    example: '5000',
    fallback: '5000',
  }),
  slowQueryMs: variable('AION_DATABASE_SLOW_QUERY_MS', types.integer(1, 600_000), {
    description: 'Duration from which a query is logged and counted as slow, in milliseconds.',
    example: '2000',
    fallback: '2000',
  }),
  storeContent: variable('AION_STORE_CONTENT', types.flag(), {
    description: 'Enables the storage of prompts and answers, in addition to the accounting rows.',
    example: 'true',
    fallback: 'true',
  }),
  maxSnapshots: variable('AION_EXPORT_MAX_SNAPSHOTS', types.integer(1, 100), {
    description: 'Maximum number of open snapshots of exports; each may use two connections in addition to the pool.',
    example: '4',
    fallback: '4',
  }),
  maxSnapshotAgeMs: variable('AION_EXPORT_MAX_SNAPSHOT_AGE_MS', types.integer(1_000, 86_400_000), {
    description:
      'Maximum age of a snapshot, in milliseconds: an open one keeps VACUUM from cleaning the entire database.',
    example: '1800000',
    fallback: '1800000',
  }),
  exportRequeueMs: variable('AION_EXPORT_REQUEUE_MS', types.integer(100, 86_400_000), {
    description: 'Time after which an unfinished export without a lease is queued again, in milliseconds.',
    example: '120000',
    fallback: '120000',
  }),
  exportDeadlineMs: variable('AION_EXPORT_DEADLINE_MS', types.integer(1_000, 2_592_000_000), {
    description: 'Time without progress after which an export fails, in milliseconds.',
    example: '86400000',
    fallback: '86400000',
  }),
  retentionBounds: variable('AION_RETENTION_BOUNDS', retentionBounds, {
    description:
      'Bounds of the retention times that tenants may set, as `class=min..max:default` in days, for the classes `account`, `content`, `accounting`, `audit`, `operational`; may only be tighter than the default bounds of a class.',
    example: 'content=7..365:30,audit=730..3650',
    fallback: '',
  }),
  retentionLoweringDelayDays: variable('AION_RETENTION_LOWERING_DELAY_DAYS', types.integer(1, 365), {
    description: 'Days after which a policy takes effect that shortens a retention time.',
    example: '7',
    fallback: '7',
  }),
  auditSigningKey: optionalVariable('AION_AUDIT_SIGNING_KEY', signingKeySchema, {
    description:
      'Ed25519 key that signs checkpoints of the audit chains, as PKCS #8 PEM (`openssl genpkey -algorithm ed25519`); without it there are no checkpoints.',
    example: '<PEM text>',
    secret: true,
  }),
  auditFormerKeys: variable('AION_AUDIT_FORMER_KEYS', sshPublicKeys, {
    description: 'Public keys of earlier signing keys, so that checkpoints that they signed remain valid.',
    example: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMQ2d4ZtYk0N0nUyaAfxUOLqYJ6dYk3nJ6sTVoKJHvRb',
    fallback: '',
  }),
  auditHeadsFile: optionalVariable('AION_AUDIT_HEADS_FILE', types.text(), {
    description:
      'File of this process with the last verified head of each audit chain, on a disk without access for writers of the database: then the truncation of a chain and its checkpoints is detected after a restart as well.',
    example: '/var/lib/aion/audit-heads.ndjson',
  }),
  schemaCheckMs: variable('AION_SCHEMA_CHECK_MS', types.integer(100, 3_600_000), {
    description:
      'Pause between two runs of schema maintenance (partitions, comparison with the live schema), in milliseconds.',
    example: '60000',
    fallback: '60000',
  }),
  auditVerifyMs: variable('AION_AUDIT_VERIFY_MS', types.integer(100, 86_400_000), {
    description: 'Pause between two verifications of new audit events, in milliseconds.',
    example: '60000',
    fallback: '60000',
  }),
  auditFullVerifyMs: variable('AION_AUDIT_FULL_VERIFY_MS', types.integer(100, 2_592_000_000), {
    description: 'Time after which each audit chain is verified from its first event again, in milliseconds.',
    example: '86400000',
    fallback: '86400000',
  }),
};

/** Configuration of database-gateway. */
export type DatabaseGatewayConfig = ConfigOf<typeof databaseGatewayVariables>;

/** Reads the configuration. @throws ConfigError with every problem */
export function loadDatabaseGatewayConfig(env: Environment): DatabaseGatewayConfig {
  return loadConfig(databaseGatewayVariables, env, checkQueue);
}
