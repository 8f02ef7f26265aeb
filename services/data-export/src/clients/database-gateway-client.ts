import type { Readable } from 'node:stream';
import {
  internalRoutes,
  serviceCaller,
  type AnswerOf,
  type SnapshotHead as WireSnapshotHead,
  type TenantExport,
} from '@aion/contracts';
import { DeadlineExceededError } from '@aion/errors';
import type { ServiceClient } from '@aion/http';
import type {
  Claim,
  ExportGateway,
  ExportProgress,
  ExportRef,
  Snapshot,
  SnapshotHead,
} from '../exports/export-gateway.ts';
import { followStream } from './follow-stream.ts';
import { openSnapshotStream } from './open-snapshot-stream.ts';

/** database-gateway, as far as data-export uses it. */
export interface DatabaseGatewayClient extends ExportGateway {
  /** @throws AionError when database-gateway is not available */
  ping(): Promise<void>;
}

/** A stream lasts as long as its snapshot, whose age database-gateway limits. */
const STREAM_TIMEOUT_MS = 86_400_000;
/** All rows are counted before the head is sent. */
const HEAD_TIMEOUT_MS = 600_000;
const SILENCE_LIMITS = { firstMs: HEAD_TIMEOUT_MS, nextMs: 120_000 };
const RENEWALS_PER_LEASE = 3;

/** Creates a client of the routes below `/internal/exports`. */
export function createDatabaseGatewayClient(client: ServiceClient): DatabaseGatewayClient {
  return {
    ping: async () => {
      await client.call(internalRoutes.ping.databaseGateway, {});
    },
    claim: async (ref, leaseMs) => {
      const input = { ...targetOf(ref), body: { lease_ms: leaseMs } };
      return fromClaim(ref, await client.call(internalRoutes.exports.claim, input));
    },
    renew: async (claimed, { leaseMs, state, progress }, signal) => {
      await client.call(internalRoutes.exports.renew, {
        ...targetOf(claimed),
        body: { epoch: claimed.fencingToken, lease_ms: leaseMs, state, progress: toProgress(progress) },
        timeoutMs: Math.ceil(leaseMs / RENEWALS_PER_LEASE),
        ...(signal === undefined ? {} : { signal }),
      });
    },
    complete: async (claimed, { manifestSha256, rows, files }) => {
      await client.call(internalRoutes.exports.complete, {
        ...targetOf(claimed),
        body: { epoch: claimed.fencingToken, manifest_sha256: manifestSha256, rows, files: [...files] },
      });
    },
    fail: async (claimed, failure) => {
      await client.call(internalRoutes.exports.fail, {
        ...targetOf(claimed),
        body: { epoch: claimed.fencingToken, ...failure },
      });
    },
    openSnapshot: async (claimed, signal) => {
      const body = await readWithinHeadTimeout(signal, (headSignal) =>
        client.stream(internalRoutes.exports.openSnapshot, {
          ...targetOf(claimed),
          body: { epoch: claimed.fencingToken },
          signal: headSignal,
          timeoutMs: STREAM_TIMEOUT_MS,
        }),
      );
      return toSnapshot(body);
    },
    readRows: async (claimed, snapshotId, table, signal) => {
      const body = await readWithinHeadTimeout(signal, (headSignal) =>
        client.stream(internalRoutes.exports.readSnapshotRows, {
          ...targetOf(claimed),
          query: { epoch: claimed.fencingToken, snapshot_id: snapshotId, table },
          signal: headSignal,
          timeoutMs: STREAM_TIMEOUT_MS,
        }),
      );
      return followStream(body, { name: `The row stream of ${table}`, ...SILENCE_LIMITS });
    },
    readKeys: async (ref) => {
      const { files } = await client.call(internalRoutes.exports.readBundleFiles, targetOf(ref));
      return files.map((file) => file.key);
    },
  };
}

function targetOf({ exportId, tenantId }: ExportRef) {
  return { params: { export_id: exportId }, caller: serviceCaller('data-export', tenantId) };
}

/** Limits the time until the head of a response arrives; its body may take longer. */
async function readWithinHeadTimeout(
  signal: AbortSignal,
  open: (signal: AbortSignal) => Promise<{ readonly body: Readable }>,
): Promise<Readable> {
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort(new DeadlineExceededError(`database-gateway sent no head within ${HEAD_TIMEOUT_MS} ms.`));
  }, HEAD_TIMEOUT_MS);
  try {
    const { body } = await open(AbortSignal.any([signal, late.signal]));
    return body;
  } finally {
    clearTimeout(timer);
  }
}

async function toSnapshot(body: Readable): Promise<Snapshot> {
  const stream = followStream(body, { name: 'The snapshot stream', ...SILENCE_LIMITS });
  let isClosed = false;
  const close = (): void => {
    isClosed = true;
    stream.destroy();
  };
  try {
    const { head, ended } = await openSnapshotStream(stream);
    const lost = new Promise<Error>((resolve) => {
      void ended.then((error) => {
        if (!isClosed) resolve(error);
      });
    });
    return { head: fromSnapshotHead(head), lost, close };
  } catch (error) {
    close();
    throw error;
  }
}

function fromClaim(ref: ExportRef, claim: AnswerOf<typeof internalRoutes.exports.claim>): Claim {
  if (claim.outcome === 'finished') return claim;
  return { outcome: 'claimed', claimed: { ...ref, fencingToken: claim.epoch, recipient: claim.recipient } };
}

function fromSnapshotHead(head: WireSnapshotHead): SnapshotHead {
  return {
    snapshotId: head.snapshot_id,
    xid: head.xid,
    lsn: head.lsn,
    takenAt: new Date(head.taken_at),
    schemaFingerprint: head.schema_fingerprint,
    migration: head.migration,
    tables: head.tables.map(({ name, order_by: orderBy, columns, rows }) => ({ name, orderBy, columns, rows })),
    excluded: head.excluded,
  };
}

function toProgress(progress: ExportProgress): TenantExport['progress'] {
  return {
    tables_total: progress.tablesTotal,
    tables_done: progress.tablesDone,
    rows_total: progress.rowsTotal,
    rows: progress.rows,
    bytes: progress.bytes,
  };
}
