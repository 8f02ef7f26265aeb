import type { ServiceName } from '@aion/contracts';
import type { LauncherError } from './launcher-error.ts';
import { SERVICE_NAMES } from './port-plan.ts';
import { startServiceProcess, type ServiceProcess, type ServiceProcessOptions } from './service-process.ts';
import { toExitError, waitUntilReady } from './wait-until-ready.ts';

/** The services of one platform, which live and end together. */
export interface ServiceGroup {
  /** Starts one and resolves when it is ready. @throws LauncherError */
  start(options: Omit<ServiceProcessOptions, 'stopTimeoutMs'>, adminUrl: string): Promise<void>;
  /** Resolves with the reason when one of them ends that was not stopped. Never rejects. */
  readonly crashed: Promise<LauncherError>;
  readonly pids: Readonly<Partial<Record<ServiceName, number>>>;
  /** Stops them one after the other, each before those that it calls. */
  stop(): Promise<void>;
  /** Ends them at once. */
  kill(): void;
}

/** Creates an empty group. */
export function createServiceGroup(options: {
  readonly readyTimeoutMs: number;
  /** After this a service that does not stop is killed. */
  readonly stopTimeoutMs: number;
  readonly signal: AbortSignal;
}): ServiceGroup {
  const running = new Map<ServiceName, ServiceProcess>();
  const crash = Promise.withResolvers<LauncherError>();
  let stopping = false;

  const watch = async (service: ServiceProcess): Promise<void> => {
    const exit = await service.exited;
    if (!stopping) crash.resolve(await toExitError(service, exit, 'while the platform was running'));
  };
  return {
    crashed: crash.promise,
    get pids() {
      return Object.fromEntries([...running].map(([name, { pid }]) => [name, pid]));
    },
    start: async (processOptions, adminUrl) => {
      const service = startServiceProcess({ ...processOptions, stopTimeoutMs: options.stopTimeoutMs });
      running.set(service.name, service);
      await waitUntilReady({ process: service, adminUrl, timeoutMs: options.readyTimeoutMs, signal: options.signal });
      void watch(service);
    },
    stop: async () => {
      stopping = true;
      for (const name of SERVICE_NAMES) await running.get(name)?.stop();
    },
    kill: () => {
      stopping = true;
      for (const service of running.values()) service.kill();
    },
  };
}
