import { watch, type FSWatcher } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServiceName } from '@aion/contracts';
import { SERVICE_NAMES } from './platform/port-plan.ts';

/** Editors write a file in several steps, and people save several files at once. */
const SETTLE_MS = 200;

/** A watch over sources that is on. */
export interface SourceWatch {
  /** Resolves when the last call of `onChange` has ended. */
  stop(): Promise<void>;
}

/**
 * Calls `onChange` with the services that a change of sources concerns: one for a service's own, all for a package's. The
 * next call comes after the last has ended.
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
