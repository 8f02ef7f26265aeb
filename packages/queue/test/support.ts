import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogFields, Logger } from '@aion/logging';
import type { JobDefinition } from '@aion/queue';
import { createTestDatabase, startRedis } from '@aion/testkit';
import type { TestDatabase, TestRedis } from '@aion/testkit';
import { Redis } from 'ioredis';
import pg from 'pg';

/** One backend for the whole suite. */
export interface TestBackend {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  urls(): { readonly redisUrl?: string; readonly postgresUrl?: string };
  /** Breaks every connection; the server answers again afterwards. */
  disrupt(): Promise<void>;
  /** Connections that others than the asker have now. */
  connections(): Promise<number>;
}

/** A database on the server of the test run. */
export function postgresBackend(): TestBackend {
  let database: TestDatabase | undefined;
  const url = () => database?.url ?? '';
  return {
    name: 'PostgreSQL',
    start: async () => {
      database = await createTestDatabase();
    },
    stop: async () => {
      await database?.drop();
    },
    urls: () => ({ postgresUrl: url() }),
    disrupt: async () => {
      await askOthers(url(), 'pg_terminate_backend(pid)');
    },
    connections: async () => (await askOthers(url(), 'pid')).length,
  };
}

/** Gives an expression for each of the other connections to a database. */
async function askOthers(url: string, expression: string): Promise<readonly unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(
      `select ${expression} from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
    );
    return rows;
  } finally {
    await client.end();
  }
}

/** A redis-server that keeps its data over a restart. */
export function redisBackend(programPath: string): TestBackend {
  let dir = '';
  let redis: TestRedis | undefined;
  return {
    name: 'Redis',
    start: async () => {
      dir = await mkdtemp(join(tmpdir(), 'aion-queue-redis-'));
      redis = await startRedis(programPath, { dir });
    },
    stop: async () => {
      await redis?.stop();
      await rm(dir, { recursive: true, force: true });
    },
    urls: () => ({ redisUrl: redis?.url ?? '' }),
    disrupt: async () => {
      const port = redis?.port ?? 0;
      await redis?.stop('SIGKILL');
      redis = await startRedis(programPath, { dir, port });
    },
    connections: async () => {
      const client = new Redis(redis?.url ?? '');
      try {
        return (
          String(await client.client('LIST'))
            .trim()
            .split('\n').length - 1
        );
      } finally {
        client.disconnect();
      }
    },
  };
}

/** A record of {@link recordingLogger}. */
export interface LogRecord {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields;
}

/** A logger that keeps its records. */
export function recordingLogger(): { readonly logger: Logger; readonly records: LogRecord[] } {
  const records: LogRecord[] = [];
  const at =
    (level: string) =>
    (message: string, fields: LogFields = {}) => {
      records.push({ level, message, fields });
    };
  const logger: Logger = {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: () => logger,
  };
  return { logger, records };
}

/** A payload of ids. */
export interface Payload {
  readonly rowId: string;
}

/** A job whose parser answers as zod does. */
export function definition(queue: string): JobDefinition<Payload> {
  return {
    queue,
    name: 'run-test',
    parse: (payload) => {
      if (typeof payload === 'object' && payload !== null && 'rowId' in payload && typeof payload.rowId === 'string') {
        return { rowId: payload.rowId };
      }
      throw Object.assign(new Error('invalid: canary-of-the-payload'), { issues: [{ path: ['rowId'] }] });
    },
  };
}
