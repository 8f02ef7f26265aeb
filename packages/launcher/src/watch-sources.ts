import { watch, type FSWatcher } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServiceName } from '@aion/contracts';
import { SERVICE_NAMES } from './platform/port-plan.ts';

/** Debounce: editors write a file in several steps, and several files are saved together. */
const SETTLE_MS = 200;

/** Handle of a running source watch. */
export interface SourceWatch {
  /** Stops watching; resolves when the last call of `onChange` has ended. */
  stop(): Promise<void>;
}

/**
 * Calls `onChange` with the services that a source change affects: one for the sources of a service, all for those of a
 * package. Calls do not overlap.
 */
export async function watchSources(
  checkoutDir: string,
  onChange: (services: readonly ServiceName[]) => Promise<void>,
): Promise<SourceWatch> {
  const changed = new Set<ServiceName>();
  let timer: NodeJS.Timeout | undefined;
  let work = Promise.resolve();
  const flush = (): void => {
    work = work.then(async () => {
      const services = SERVICE_NAMES.filter((name) => changed.has(name));
      changed.clear();
      if (services.length > 0) await onChange(services);
    });
  };
  const watchFolder = (folder: string, services: readonly ServiceName[]): FSWatcher =>
    watch(folder, { recursive: true }, (_event, file) => {
      if (file === null || !file.endsWith('.ts') || file.endsWith('.test.ts')) return;
      for (const service of services) changed.add(service);
      clearTimeout(timer);
      timer = setTimeout(flush, SETTLE_MS);
    });
  const packages = (await readdir(join(checkoutDir, 'packages'))).filter((name) => name !== 'launcher');
  const watchers = [
    ...SERVICE_NAMES.map((name) => watchFolder(join(checkoutDir, 'services', name, 'src'), [name])),
    ...packages.map((name) => watchFolder(join(checkoutDir, 'packages', name, 'src'), SERVICE_NAMES)),
  ];
  return {
    stop: async () => {
      clearTimeout(timer);
      for (const watcher of watchers) watcher.close();
      await work;
    },
  };
}
