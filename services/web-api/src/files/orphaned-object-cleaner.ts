import { internalRoutes } from '@aion/contracts';
import { createPeriodicTask, type PeriodicTask, type ServiceClient } from '@aion/http';
import type { Logger } from '@aion/logging';
import type { ObjectStore } from '@aion/object-store';

/** Options of `createOrphanedObjectCleaner`. */
export interface OrphanedObjectCleanerOptions {
  readonly database: ServiceClient;
  readonly objectStore: ObjectStore;
  readonly logger: Logger;
  /** Pause between two runs; default 30 s. */
  readonly intervalMs?: number;
}

/** Periodic deletion of objects without a row: of failed or killed uploads, and of deleted files. */
export type OrphanedObjectCleaner = PeriodicTask;

const BATCH = 100;

/** Creates the cleaner. Any number of processes may run one at the same time. */
export function createOrphanedObjectCleaner({
  intervalMs = 30_000,
  ...options
}: OrphanedObjectCleanerOptions): OrphanedObjectCleaner {
  return createPeriodicTask({
    run: (signal) => deleteDueObjects(options, signal),
    intervalMs,
    firstDelayMs: intervalMs,
    onError: (error) => options.logger.warn('Deletion of orphaned objects failed, will retry', { error }),
  });
}

/** Deletes due objects in batches. An object that cannot be deleted is due again later. */
async function deleteDueObjects(
  { database, objectStore, logger }: Omit<OrphanedObjectCleanerOptions, 'intervalMs'>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const { data } = await database.call(internalRoutes.strayObjects.claim, { body: { limit: BATCH } });
    const deleted: string[] = [];
    for (const { id, object_key: key } of data) {
      try {
        await objectStore.delete(key);
        deleted.push(id);
      } catch (error) {
        logger.warn('Deletion of an orphaned object failed, will retry', { error });
      }
    }
    if (deleted.length > 0) await database.call(internalRoutes.strayObjects.settle, { body: { ids: deleted } });
    if (data.length < BATCH || deleted.length === 0) return;
  }
}
