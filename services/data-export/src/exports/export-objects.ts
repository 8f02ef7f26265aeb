import type { Readable } from 'node:stream';
import type { BundleSink } from '@aion/bundle';
import type { ClaimedExport, ExportRef } from './export-gateway.ts';

/** Object store, as far as exports use it. */
export interface ExportObjectStore {
  put(key: string, body: Readable): Promise<unknown>;
  list(prefix: string): AsyncIterable<{ readonly key: string }>;
  delete(key: string): Promise<void>;
}

/** One run of an export. */
export type ExportRun = Pick<ClaimedExport, 'exportId' | 'fencingToken'>;

/**
 * Objects of exports, under `exports/<export id>/<fencing token>/<path in the bundle>`. Keys contain neither tenants nor
 * names of tables.
 */
export interface ExportObjects {
  key(run: ExportRun, path: string): string;
  /** Returns the sink for the bundle of one run. */
  sink(run: ExportRun): BundleSink;
  /** Deletes the objects of one run; returns their number. */
  deleteRun(run: ExportRun): Promise<number>;
  /** Deletes the objects of all other runs of the same export; returns their number. */
  deleteOtherRuns(retained: ExportRun): Promise<number>;
  /** Deletes all objects of an export except the given ones; returns their number. */
  deleteAllExcept(ref: Pick<ExportRef, 'exportId'>, retainedKeys: readonly string[]): Promise<number>;
}

const CONCURRENT_DELETES = 16;

/** Creates the objects of exports in a store. */
export function createExportObjects(store: ExportObjectStore): ExportObjects {
  return {
    key: (run, path) => prefixOf(run) + path,
    sink: (run) => ({
      put: async (path, body) => {
        await store.put(prefixOf(run) + path, body);
      },
    }),
    deleteRun: (run) => deleteMatching(store, prefixOf(run), () => true),
    deleteOtherRuns: (retained) => {
      const retainedPrefix = prefixOf(retained);
      return deleteMatching(store, `exports/${retained.exportId}/`, (key) => !key.startsWith(retainedPrefix));
    },
    deleteAllExcept: ({ exportId }, retainedKeys) => {
      const retained = new Set(retainedKeys);
      return deleteMatching(store, `exports/${exportId}/`, (key) => !retained.has(key));
    },
  };
}

function prefixOf({ exportId, fencingToken }: ExportRun): string {
  return `exports/${exportId}/${fencingToken}/`;
}

async function deleteMatching(
  store: ExportObjectStore,
  prefix: string,
  isStale: (key: string) => boolean,
): Promise<number> {
  let deleted = 0;
  let batch: string[] = [];
  const flush = async (): Promise<void> => {
    await Promise.all(batch.map((key) => store.delete(key)));
    deleted += batch.length;
    batch = [];
  };
  for await (const { key } of store.list(prefix)) {
    if (isStale(key)) batch.push(key);
    if (batch.length >= CONCURRENT_DELETES) await flush();
  }
  await flush();
  return deleted;
}
