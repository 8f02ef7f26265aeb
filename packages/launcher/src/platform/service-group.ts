import type { ServiceName } from '@aion/contracts';
import type { LauncherError } from './launcher-error.ts';
import { SERVICE_NAMES } from './port-plan.ts';
import { startServiceProcess, type ServiceProcess, type ServiceProcessOptions } from './service-process.ts';
import { toExitError, waitUntilReady } from './wait-until-ready.ts';

/** Options to start a service of a group; the group sets the stop timeout. */
export type GroupedServiceOptions = Omit<ServiceProcessOptions, 'stopTimeoutMs'>;

/** Services of one platform, which are stopped together. */
export interface ServiceGroup {
  /** Starts a service and resolves when it is ready. @throws LauncherError */
  start(options: GroupedServiceOptions, adminUrl: string): Promise<void>;
  /** Stops a service and starts it again with the same options. @throws LauncherError if it does not become ready */
  readonly restart: (name: ServiceName) => Promise<void>;
  /** Resolves with the reason when a service exits unexpectedly. Never rejects. */
  readonly crashed: Promise<LauncherError>;
  readonly pids: Readonly<Partial<Record<ServiceName, number>>>;
  /** Stops the services one after the other, each before the services that it calls. */
  stop(): Promise<void>;
  /** Kills the services immediately. */
  kill(): void;
}

/** Options that apply to all services of a group. */
export interface ServiceGroupOptions {
  readonly readyTimeoutMs: number;
  /** Time after which a service that does not stop is killed. */
  readonly stopTimeoutMs: number;
  /** Aborts waiting for readiness. */
  readonly signal: AbortSignal;
  /** Called instead of resolving `crashed` when a service exits unexpectedly. */
  readonly onCrash?: (error: LauncherError) => void;
}

interface Member {
  readonly service: ServiceProcess;
  readonly options: GroupedServiceOptions;
  readonly adminUrl: string;
  /** True if its exit is expected. */
  stopping: boolean;
}

/** Creates an empty group. */
export function createServiceGroup(groupOptions: ServiceGroupOptions): ServiceGroup {
  const { readyTimeoutMs, stopTimeoutMs, signal } = groupOptions;
  const members = new Map<ServiceName, Member>();
  const crash = Promise.withResolvers<LauncherError>();

  const start = async (options: GroupedServiceOptions, adminUrl: string): Promise<void> => {
    const service = startServiceProcess({ ...options, stopTimeoutMs });
    const member: Member = { service, options, adminUrl, stopping: false };
    members.set(service.name, member);
    await waitUntilReady({ process: service, adminUrl, timeoutMs: readyTimeoutMs, signal });
    void service.exited.then(async (exit) => {
      if (member.stopping) return;
      const error = await toExitError(service, exit, 'while the platform was running');
      (groupOptions.onCrash ?? crash.resolve)(error);
    });
  };
  const stopOne = async (name: ServiceName): Promise<void> => {
    const member = members.get(name);
    if (member === undefined) return;
    member.stopping = true;
    await member.service.stop();
  };
  return {
    crashed: crash.promise,
    get pids() {
      return Object.fromEntries([...members].map(([name, { service }]) => [name, service.pid]));
    },
    start,
    restart: async (name) => {
      const member = members.get(name);
      if (member === undefined) return;
      await stopOne(name);
      await start(member.options, member.adminUrl);
    },
    stop: async () => {
      // Do not report a crash of one service while the others stop.
      for (const member of members.values()) member.stopping = true;
      for (const name of SERVICE_NAMES) await stopOne(name);
    },
    kill: () => {
      for (const member of members.values()) {
        member.stopping = true;
        member.service.kill();
      }
    },
  };
}
