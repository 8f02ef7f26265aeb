import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { internalRoutes, type BodyOf, type ExportState, type SnapshotHead, type TenantExport } from '@aion/contracts';
import { ConflictError, NotFoundError, UnavailableError } from '@aion/errors';
import {
  admitServices,
  bindRoute,
  createApp,
  createServiceTokens,
  listen,
  requireTenantCaller,
  streamReply,
  type BoundRoute,
  type HttpServer,
  type Identity,
} from '@aion/http';
import type { Logger } from '@aion/logging';
import { createMetrics } from '@aion/metrics';

/** Row of one export. */
export interface TestExport {
  readonly id: string;
  readonly tenantId: string;
  readonly recipient: string;
  state: ExportState;
  fencingToken: number;
  leaseUntil: number;
  /** Number of commits; never more than one. */
  completions: number;
  files: BodyOf<typeof internalRoutes.exports.complete>['files'];
  failure: { code: string; message: string } | undefined;
  progress: TenantExport['progress'] | undefined;
}

/** Streams the rows of one table; a test replaces it to pause, to shorten or to interrupt the stream. */
export type RowSource = (row: TestExport, table: string, signal: AbortSignal) => AsyncIterable<Uint8Array>;

const ROWS = 4_000;
const ROWS_PER_CHUNK = 100;
const TABLES = ['files', 'generations', 'projects'] as const;

/** Streams the rows of a table in chunks; each row has 200 bytes that compress badly. */
export async function* rowChunks(table: string): AsyncGenerator<Uint8Array> {
  const total = table === 'generations' ? ROWS : table === 'projects' ? 3 : 0;
  for (let first = 0; first < total; first += ROWS_PER_CHUNK) {
    const lines = Array.from({ length: Math.min(ROWS_PER_CHUNK, total - first) }, (_, index) => {
      const id = first + index;
      return `${JSON.stringify({ id, text: createHash('sha512').update(`${table}-${id}`).digest('base64') })}\n`;
    });
    await Promise.resolve();
    yield Buffer.from(lines.join(''));
  }
}

/** Number of rows in an export of the test data. */
export const TOTAL_ROWS = ROWS + 3;

/** In-memory export routes of database-gateway, with its contracts and rules, on a server that a test can stop. */
export class TestGateway {
  readonly exports = new Map<string, TestExport>();
  rows: RowSource = (_row, table) => rowChunks(table);
  readonly #secret: string;
  readonly #logger: Logger;
  readonly #snapshots = new Set<string>();
  #server: HttpServer | undefined;
  #snapshotNumber = 0;

  constructor(secret: string, logger: Logger) {
    this.#secret = secret;
    this.#logger = logger;
  }

  async start(port = 0): Promise<number> {
    const app = createApp({
      routes: this.#routes(),
      admit: admitServices(createServiceTokens({ secret: this.#secret, service: 'database-gateway' })),
      logger: this.#logger,
      metrics: createMetrics({ service: 'database-gateway', version: '0', enabled: false }),
      timeoutMs: 600_000,
    });
    this.#server = await listen(app, { host: '127.0.0.1', port, name: 'test gateway', variable: 'none' });
    return this.#server.port;
  }

  /** Stops the server and interrupts all connections. */
  async stop(): Promise<void> {
    await this.#server?.close(0);
    this.#server = undefined;
    this.#snapshots.clear();
  }

  addExport(row: Pick<TestExport, 'id' | 'tenantId' | 'recipient'>): TestExport {
    const added: TestExport = {
      ...row,
      state: 'requested',
      fencingToken: 0,
      leaseUntil: 0,
      completions: 0,
      files: [],
      failure: undefined,
      progress: undefined,
    };
    this.exports.set(row.id, added);
    return added;
  }

  #find(id: string, identity: Identity): TestExport {
    const row = this.exports.get(id);
    if (row?.tenantId !== requireTenantCaller(identity).tenant_id)
      throw new NotFoundError('The export does not exist.');
    return row;
  }

  #findClaimed(id: string, identity: Identity, { epoch }: { epoch: number }): TestExport {
    const row = this.#find(id, identity);
    if (row.fencingToken !== epoch || row.state === 'ready' || row.state === 'failed') {
      throw new ConflictError(`Fencing token ${epoch} is no longer valid.`);
    }
    return row;
  }

  #routes(): BoundRoute[] {
    return [
      bindRoute(internalRoutes.ping.databaseGateway, () => Promise.resolve({ service: 'database-gateway' })),
      ...this.#claimRoutes(),
      bindRoute(internalRoutes.exports.readBundleFiles, ({ params, identity }) => {
        const { files } = this.#find(params.export_id, identity);
        return Promise.resolve({ finished_at: new Date().toISOString(), files });
      }),
      bindRoute(internalRoutes.exports.openSnapshot, ({ params, body, identity, signal }) => {
        this.#findClaimed(params.export_id, identity, body);
        const stream = this.#streamSnapshot(signal);
        return Promise.resolve(streamReply({ contentType: 'application/x-ndjson', body: stream }));
      }),
      bindRoute(internalRoutes.exports.readSnapshotRows, ({ params, query, identity, signal }) => {
        const row = this.#findClaimed(params.export_id, identity, query);
        if (!this.#snapshots.has(query.snapshot_id)) throw new UnavailableError('The snapshot no longer exists.');
        const body = this.rows(row, query.table, signal);
        return Promise.resolve(streamReply({ contentType: 'application/x-ndjson', body }));
      }),
    ];
  }

  #claimRoutes(): BoundRoute[] {
    return [
      bindRoute(internalRoutes.exports.claim, ({ params, body, identity }) => {
        const row = this.#find(params.export_id, identity);
        if (row.state === 'ready' || row.state === 'failed') {
          return Promise.resolve({ outcome: 'finished', state: row.state });
        }
        if (row.leaseUntil > Date.now())
          throw new ConflictError('Another worker holds the lease.', { retryAfterSeconds: 1 });
        row.fencingToken += 1;
        row.state = 'running';
        row.leaseUntil = Date.now() + body.lease_ms;
        return Promise.resolve({
          outcome: 'claimed',
          epoch: row.fencingToken,
          recipient: row.recipient,
          created_at: new Date().toISOString(),
        });
      }),
      bindRoute(internalRoutes.exports.renew, ({ params, body, identity }) => {
        const row = this.#findClaimed(params.export_id, identity, body);
        row.leaseUntil = Date.now() + body.lease_ms;
        row.state = body.state;
        row.progress = body.progress;
        return Promise.resolve(undefined);
      }),
      bindRoute(internalRoutes.exports.complete, ({ params, body, identity }) => {
        const row = this.#find(params.export_id, identity);
        if (row.state === 'ready' && row.fencingToken === body.epoch) return Promise.resolve(undefined);
        if (this.#findClaimed(params.export_id, identity, body).state !== 'sealing')
          throw new ConflictError('The export is not being finalized.');
        row.state = 'ready';
        row.completions += 1;
        row.files = body.files;
        return Promise.resolve(undefined);
      }),
      bindRoute(internalRoutes.exports.fail, ({ params, body, identity }) => {
        const row = this.#findClaimed(params.export_id, identity, body);
        row.state = 'failed';
        row.failure = { code: body.code, message: body.message };
        return Promise.resolve(undefined);
      }),
    ];
  }

  async *#streamSnapshot(signal: AbortSignal): AsyncGenerator<Uint8Array> {
    this.#snapshotNumber += 1;
    const id = `00000003-0000001B-${this.#snapshotNumber}`;
    this.#snapshots.add(id);
    try {
      yield Buffer.from(`${JSON.stringify(createHead(id))}\n`);
      for (;;) {
        await sleep(100, undefined, { signal });
        yield Buffer.from('\n');
      }
    } finally {
      this.#snapshots.delete(id);
    }
  }
}

function createHead(snapshotId: string): SnapshotHead {
  return {
    snapshot_id: snapshotId,
    xid: '771',
    lsn: '0/16B3748',
    taken_at: new Date().toISOString(),
    schema_fingerprint: 'f'.repeat(64),
    migration: '20260131120000_first',
    tables: TABLES.map((name) => ({
      name,
      order_by: ['id'],
      columns: [
        { name: 'id', type: 'bigint' },
        { name: 'text', type: 'text' },
      ],
      rows: name === 'generations' ? ROWS : name === 'projects' ? 3 : 0,
    })),
    excluded: [{ name: 'api_keys', reason: 'Secrets are never exported.' }],
  };
}
