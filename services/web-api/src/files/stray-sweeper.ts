import { internalRoutes } from '@aion/contracts';
import type { ServiceClient } from '@aion/http';
import type { Logger } from '@aion/logging';
import type { ObjectStore } from '@aion/object-store';

/** What the sweeper works with. */
export interface StraySweeperOptions {
  readonly database: ServiceClient;
  readonly objectStore: ObjectStore;
  readonly logger: Logger;
  /** Between two looks, default 30 s. */
  readonly pauseMs?: number;
}

/** Removes objects that no row refers to: of uploads that failed or were killed, and of deleted files. */
export interface StraySweeper {
  start(): void;
  /** Looks at once: there is something to remove. */
  wake(): void;
  /** Waits for the sweep that is in progress; there is no further one. */
  stop(): Promise<void>;
}

const BATCH = 100;

/** Creates the sweeper. Any number of processes may sweep at once. */
export function createStraySweeper({ pauseMs = 30_000, ...options }: StraySweeperOptions): StraySweeper {
  let isStopped = true;
  let isAwake = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  const next = (): void => {
    clearTimeout(timer);
    isAwake = false;
    running = sweep(options, () => isStopped)
      .catch((error: unknown) => options.logger.warn('Stray objects could not be swept; it is tried again', { error }))
      .then(() => {
        running = undefined;
        if (isStopped) return;
        if (isAwake) next();
        else timer = setTimeout(next, pauseMs);
      });
  };
  return {
    start: () => {
      isStopped = false;
      timer = setTimeout(next, pauseMs);
    },
    wake: () => {
      isAwake = true;
      if (!isStopped && running === undefined) next();
    },
    stop: async () => {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}

/** Removes what is due, batch by batch. What cannot be removed is due again later. */
async function sweep(
  { database, objectStore, logger }: Omit<StraySweeperOptions, 'pauseMs'>,
  isStopped: () => boolean,
): Promise<void> {
  for (let mayBeMore = true; mayBeMore && !isStopped();) {
    const { data } = await database.call(internalRoutes.strayObjects.claim, { body: { limit: BATCH } });
    const removed: string[] = [];
    for (const { id, object_key: key } of data) {
      try {
        await objectStore.delete(key);
        removed.push(id);
      } catch (error) {
        logger.warn('A stray object could not be removed; it is tried again', { error });
      }
    }
    if (removed.length > 0) await database.call(internalRoutes.strayObjects.settle, { body: { ids: removed } });
    mayBeMore = data.length === BATCH && removed.length > 0;
  }
}
