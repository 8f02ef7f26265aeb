import type { ServiceName } from '@aion/contracts';
import type { LauncherError } from './launcher-error.ts';
import { SERVICE_NAMES } from './port-plan.ts';
import { startServiceProcess, type ServiceProcess, type ServiceProcessOptions } from './service-process.ts';
import { toExitError, waitUntilReady } from './wait-until-ready.ts';

/** How a service of a group is started; the group decides how it is stopped. */
export type GroupedServiceOptions = Omit<ServiceProcessOptions, 'stopTimeoutMs'>;

/** The services of one platform, which live and end together. */
export interface ServiceGroup {
  /** Starts one and resolves when it is ready. @throws LauncherError */
  start(options: GroupedServiceOptions, adminUrl: string): Promise<void>;
  /** Stops one and starts it again as it was. @throws LauncherError when it does not become ready */
  readonly restart: (name: ServiceName) => Promise<void>;
  /** Resolves with the reason when one of them ends that was not stopped. Never rejects. */
  readonly crashed: Promise<LauncherError>;
  readonly pids: Readonly<Partial<Record<ServiceName, number>>>;
  /** Stops them one after the other, each before those that it calls. */
  stop(): Promise<void>;
  /** Ends them at once. */
  kill(): void;
}

/** What all services of a group have in common. */
export interface ServiceGroupOptions {
  readonly readyTimeoutMs: number;
  /** After this a service that does not stop is killed. */
  readonly stopTimeoutMs: number;
  /** Ends every waiting for readiness. */
  readonly signal: AbortSignal;
  /** Hears of a service that has ended by itself, instead of `crashed`. */
  readonly onCrash?: (error: LauncherError) => void;
}

interface Member {
  readonly service: ServiceProcess;
  readonly options: GroupedServiceOptions;
  readonly adminUrl: string;
  /** Whether its end is expected. */
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
      // A crash of one is no news while the others stop.
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
