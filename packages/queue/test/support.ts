import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogFields, Logger } from '@aion/logging';
import type { JobDefinition } from '@aion/queue';
import { createTestDatabase, startRedis } from '@aion/testkit';
import type { TestDatabase, TestRedis } from '@aion/testkit';
import { Redis } from 'ioredis';
import pg from 'pg';

/** Server for one test suite. */
export interface TestBackend {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  urls(): { readonly redisUrl?: string; readonly postgresUrl?: string };
  /** Breaks every connection; the server is reachable again afterwards. */
  disrupt(): Promise<void>;
  /** Counts the open connections, except the one that counts. */
  connections(): Promise<number>;
}

/** Creates a backend in a new database on the server of the test run. */
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
      await queryOtherConnections(url(), 'pg_terminate_backend(pid)');
    },
    connections: async () => (await queryOtherConnections(url(), 'pid')).length,
  };
}

/** Evaluates an expression for each of the other connections to a database. */
async function queryOtherConnections(url: string, expression: string): Promise<readonly unknown[]> {
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

/** Creates a backend on a redis-server that keeps its data across restarts. */
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

/** Record of {@link recordingLogger}. */
export interface LogRecord {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields;
}

/** Creates a logger that stores its records. */
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

/** Payload of the test job. */
export interface Payload {
  readonly rowId: string;
}

/** Creates the definition of a test job, whose parser throws errors in zod's shape. */
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
