import type { Readable } from 'node:stream';
import { internalRoutes, serviceCaller } from '@aion/contracts';
import { DeadlineExceededError } from '@aion/errors';
import type { ServiceClient } from '@aion/http';
import type { ExportGateway, Snapshot } from '../exports/export-gateway.ts';
import { followStream } from './follow-stream.ts';
import { openSnapshotStream } from './open-snapshot-stream.ts';
import { fromClaim, fromSnapshotHead, toProgress } from './wire-exports.ts';

/** database-gateway as data-export uses it. */
export interface DatabaseGatewayClient extends ExportGateway {
  /** @throws AionError when database-gateway cannot do its work. */
  ping(): Promise<void>;
}

/** A stream lasts as long as its snapshot, whose age database-gateway bounds. */
const STREAM_TIMEOUT_MS = 86_400_000;
/** Counting the rows of all tables comes before the head. */
const HEAD_TIMEOUT_MS = 600_000;
const SILENCE = { firstMs: HEAD_TIMEOUT_MS, nextMs: 120_000 };
const RENEWALS_PER_LEASE = 3;

/** Speaks the contracts of `/internal/exports`. */
export function createDatabaseGatewayClient(client: ServiceClient): DatabaseGatewayClient {
  const paramsOf = ({ exportId }: { readonly exportId: string }) => ({ export_id: exportId });
  const callerFor = ({ tenantId }: { readonly tenantId: string }) => serviceCaller('data-export', tenantId);

  return {
    ping: async () => {
      await client.call(internalRoutes.ping.databaseGateway, {});
    },
    claim: async (ref, leaseMs) => {
      const input = { params: paramsOf(ref), body: { lease_ms: leaseMs }, caller: callerFor(ref) };
      return fromClaim(ref, await client.call(internalRoutes.exports.claim, input));
    },
    renew: async (claimed, { leaseMs, state, progress }, signal) => {
      await client.call(internalRoutes.exports.renew, {
        params: paramsOf(claimed),
        caller: callerFor(claimed),
        body: { epoch: claimed.epoch, lease_ms: leaseMs, state, progress: toProgress(progress) },
        timeoutMs: Math.ceil(leaseMs / RENEWALS_PER_LEASE),
        ...(signal === undefined ? {} : { signal }),
      });
    },
    complete: async (claimed, { manifestSha256, rows, files }) => {
      await client.call(internalRoutes.exports.complete, {
        params: paramsOf(claimed),
        caller: callerFor(claimed),
        body: { epoch: claimed.epoch, manifest_sha256: manifestSha256, rows, files: [...files] },
      });
    },
    fail: async (claimed, failure) => {
      await client.call(internalRoutes.exports.fail, {
        params: paramsOf(claimed),
        caller: callerFor(claimed),
        body: { epoch: claimed.epoch, ...failure },
      });
    },
    openSnapshot: async (claimed, signal) => {
      const body = await untilHead(signal, (headSignal) =>
        client.stream(internalRoutes.exports.openSnapshot, {
          params: paramsOf(claimed),
          caller: callerFor(claimed),
          body: { epoch: claimed.epoch },
          signal: headSignal,
          timeoutMs: STREAM_TIMEOUT_MS,
        }),
      );
      return holdSnapshot(body);
    },
    readRows: async (claimed, snapshotId, table, signal) => {
      const body = await untilHead(signal, (headSignal) =>
        client.stream(internalRoutes.exports.readSnapshotRows, {
          params: paramsOf(claimed),
          caller: callerFor(claimed),
          query: { epoch: claimed.epoch, snapshot_id: snapshotId, table },
          signal: headSignal,
          timeoutMs: STREAM_TIMEOUT_MS,
        }),
      );
      return followStream(body, { what: `The rows of ${table}`, ...SILENCE });
    },
    readKeys: async (ref) => {
      const input = { params: paramsOf(ref), caller: callerFor(ref) };
      const { files } = await client.call(internalRoutes.exports.readBundleFiles, input);
      return files.map((file) => file.key);
    },
  };
}

/** The head of an answer must come soon, its body may take long. */
async function untilHead(
  signal: AbortSignal,
  open: (signal: AbortSignal) => Promise<{ readonly body: Readable }>,
): Promise<Readable> {
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort(new DeadlineExceededError('database-gateway did not begin to answer in time.'));
  }, HEAD_TIMEOUT_MS);
  try {
    const { body } = await open(AbortSignal.any([signal, late.signal]));
    return body;
  } finally {
    clearTimeout(timer);
  }
}

async function holdSnapshot(body: Readable): Promise<Snapshot> {
  const stream = followStream(body, { what: 'The snapshot', ...SILENCE });
  let closed = false;
  const close = (): void => {
    closed = true;
    stream.destroy();
  };
  try {
    const { head, ended } = await openSnapshotStream(stream);
    const lost = new Promise<Error>((resolve) => {
      void ended.then((error) => {
        if (!closed) resolve(error);
      });
    });
    return { head: fromSnapshotHead(head), lost, close };
  } catch (error) {
    close();
    throw error;
  }
}
