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

/** Public keys in OpenSSH's form, separated by commas. */
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

/** The variables of database-gateway. */
export const databaseGatewayVariables = {
  ...serviceVariables({ port: 8082, adminPort: 9466 }),
  ...queueVariables,
  databaseUrl: variable('DATABASE_URL', postgresUrl(), {
    description: 'The database as the role `aion_app`, which owns nothing and cannot bypass row-level security.',
    example: 'postgresql://aion_app:password@127.0.0.1:5432/aion',
    secret: true,
  }),
  migrationUrl: variable('AION_MIGRATION_DATABASE_URL', postgresUrl(), {
    description:
      'The same database as the role `aion_owner`, which runs the migrations at the start; not through a pooler.',
    example: 'postgresql://aion_owner:password@127.0.0.1:5432/aion',
    secret: true,
  }),
  poolSize: variable('AION_DATABASE_POOL_SIZE', types.integer(1, 500), {
    description: 'The most connections that requests share.',
    example: '20',
    fallback: '20',
  }),
  poolWaitMs: variable('AION_DATABASE_POOL_WAIT_MS', types.integer(10, 60_000), {
    description: 'How long a request waits for a connection before it is answered with 503, in milliseconds.',
    example: '2000',
    fallback: '2000',
  }),
  poolQueue: variable('AION_DATABASE_POOL_QUEUE', types.integer(0, 100_000), {
    description: 'How many requests wait for a connection at most; a further one is answered with 503 at once.',
    example: '1000',
    fallback: '1000',
  }),
  statementTimeoutMs: variable('AION_DATABASE_STATEMENT_TIMEOUT_MS', types.integer(100, 600_000), {
    description: 'How long one query of a request may run, in milliseconds.',
    example: '5000',
    fallback: '5000',
  }),
  slowQueryMs: variable('AION_DATABASE_SLOW_QUERY_MS', types.integer(1, 600_000), {
    description: 'From how many milliseconds on a query is logged and counted as slow.',
    example: '2000',
    fallback: '2000',
  }),
  storeContent: variable('AION_STORE_CONTENT', types.flag(), {
    description: 'Whether prompts and answers are stored, apart from the accounting rows.',
    example: 'true',
    fallback: 'true',
  }),
  maxSnapshots: variable('AION_EXPORT_MAX_SNAPSHOTS', types.integer(1, 100), {
    description: 'The most exports that hold a snapshot here at once; each may use two connections beside the pool.',
    example: '4',
    fallback: '4',
  }),
  maxSnapshotAgeMs: variable('AION_EXPORT_MAX_SNAPSHOT_AGE_MS', types.integer(1_000, 86_400_000), {
    description: 'How long a snapshot may be held, in milliseconds: it keeps VACUUM from cleaning the whole database.',
    example: '1800000',
    fallback: '1800000',
  }),
  exportRequeueMs: variable('AION_EXPORT_REQUEUE_MS', types.integer(100, 86_400_000), {
    description: 'How long an export that no worker holds may rest before it is queued again, in milliseconds.',
    example: '120000',
    fallback: '120000',
  }),
  exportDeadlineMs: variable('AION_EXPORT_DEADLINE_MS', types.integer(1_000, 2_592_000_000), {
    description: 'How long an export may go without progress before it fails, in milliseconds.',
    example: '86400000',
    fallback: '86400000',
  }),
  retentionBounds: variable('AION_RETENTION_BOUNDS', retentionBounds, {
    description:
      'How long tenants may have their data kept, as `class=min..max:default` in days, for the classes `account`, `content`, `accounting`, `audit`, `operational`; only tighter than what a class has without it.',
    example: 'content=7..365:30,audit=730..3650',
    fallback: '',
  }),
  retentionLoweringDelayDays: variable('AION_RETENTION_LOWERING_DELAY_DAYS', types.integer(1, 365), {
    description: 'How many days after it is set a policy begins that keeps data for less time than before.',
    example: '7',
    fallback: '7',
  }),
  auditSigningKey: optionalVariable('AION_AUDIT_SIGNING_KEY', signingKeySchema, {
    description:
      'The Ed25519 key that signs how far each audit chain has come, as PKCS #8 PEM (`openssl genpkey -algorithm ed25519`); without it there are no checkpoints.',
    example: '<PEM text>',
    secret: true,
  }),
  auditFormerKeys: variable('AION_AUDIT_FORMER_KEYS', sshPublicKeys, {
    description:
      'The public keys that signed checkpoints before, so that a new key does not make the old ones unknown.',
    example: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMQ2d4ZtYk0N0nUyaAfxUOLqYJ6dYk3nJ6sTVoKJHvRb',
    fallback: '',
  }),
  auditHeadsFile: optionalVariable('AION_AUDIT_HEADS_FILE', types.text(), {
    description:
      'A file of this process that remembers how far each audit chain had come, on a disk that who writes to the database cannot write to: then an end that was cut off together with its checkpoints is noticed after a restart, too.',
    example: '/var/lib/aion/audit-heads.ndjson',
  }),
  schemaCheckMs: variable('AION_SCHEMA_CHECK_MS', types.integer(100, 3_600_000), {
    description:
      'How long after each making of partitions and look at the live schema the next one begins, in milliseconds.',
    example: '60000',
    fallback: '60000',
  }),
  auditVerifyMs: variable('AION_AUDIT_VERIFY_MS', types.integer(100, 86_400_000), {
    description:
      'How long after each verification of what is new in the audit trail the next one begins, in milliseconds.',
    example: '60000',
    fallback: '60000',
  }),
  auditFullVerifyMs: variable('AION_AUDIT_FULL_VERIFY_MS', types.integer(100, 2_592_000_000), {
    description: 'After how long each audit chain is verified from its first event again, in milliseconds.',
    example: '86400000',
    fallback: '86400000',
  }),
};

/** The configuration of database-gateway. */
export type DatabaseGatewayConfig = ConfigOf<typeof databaseGatewayVariables>;

/** Reads the configuration. @throws ConfigError with every problem */
export function loadDatabaseGatewayConfig(env: Environment): DatabaseGatewayConfig {
  return loadConfig(databaseGatewayVariables, env, checkQueue);
}
