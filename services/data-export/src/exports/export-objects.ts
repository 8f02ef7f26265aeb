import type { Readable } from 'node:stream';
import type { BundleSink } from '@aion/bundle';
import type { ExportRef } from './export.ts';

/** What exports need of an object store. */
export interface ExportObjectStore {
  put(key: string, body: Readable): Promise<unknown>;
  list(prefix: string): AsyncIterable<{ readonly key: string }>;
  delete(key: string): Promise<void>;
}

/** The objects of exports: `exports/<export id>/<epoch>/<path in the bundle>`. No tenant, no name of a table. */
export interface ExportObjects {
  key(claimed: Epoch, path: string): string;
  /** Where the bundle of one epoch is written. */
  sink(claimed: Epoch): BundleSink;
  /** Deletes the objects of one epoch; gives how many there were. */
  sweepEpoch(claimed: Epoch): Promise<number>;
  /** Deletes the objects of all epochs but the one that is kept. */
  sweepOthers(kept: Epoch): Promise<number>;
  /** Deletes all objects of an export except the given ones. */
  sweepAllBut(ref: Pick<ExportRef, 'exportId'>, keptKeys: readonly string[]): Promise<number>;
}

/** One try at an export. */
export interface Epoch {
  readonly exportId: string;
  readonly epoch: number;
}

const DELETES_AT_ONCE = 16;

/** Lays the objects of exports out in a store. */
export function createExportObjects(store: ExportObjectStore): ExportObjects {
  const prefixOf = ({ exportId, epoch }: Epoch): string => `exports/${exportId}/${epoch}/`;

  const sweep = async (prefix: string, isVoid: (key: string) => boolean): Promise<number> => {
    let deleted = 0;
    let batch: string[] = [];
    const flush = async (): Promise<void> => {
      await Promise.all(batch.map((key) => store.delete(key)));
      deleted += batch.length;
      batch = [];
    };
    for await (const { key } of store.list(prefix)) {
      if (isVoid(key)) batch.push(key);
      if (batch.length >= DELETES_AT_ONCE) await flush();
    }
    await flush();
    return deleted;
  };

  return {
    key: (claimed, path) => prefixOf(claimed) + path,
    sink: (claimed) => ({
      put: async (path, body) => {
        await store.put(prefixOf(claimed) + path, body);
      },
    }),
    sweepEpoch: (claimed) => sweep(prefixOf(claimed), () => true),
    sweepOthers: (kept) => sweep(`exports/${kept.exportId}/`, (key) => !key.startsWith(prefixOf(kept))),
    sweepAllBut: ({ exportId }, keptKeys) => {
      const kept = new Set(keptKeys);
      return sweep(`exports/${exportId}/`, (key) => !kept.has(key));
    },
  };
}
