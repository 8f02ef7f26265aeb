import type { Environment } from '@aion/config';
import type { ServiceName } from '@aion/contracts';
import type { LauncherError } from './launcher-error.ts';
import type { PortPlan } from './port-plan.ts';
import type { ServiceOutput } from './service-process.ts';

/** Name of a part of the platform. */
export type PlatformPart = 'PostgreSQL' | ServiceName;

/** Options of `startPlatform`. */
export interface PlatformOptions {
  /** The repository's root. */
  readonly checkoutDir: string;
  /** Absolute path of the directory of everything stored between runs. */
  readonly stateDir: string;
  /** Deletes the data of earlier runs first, except models. */
  readonly reset?: boolean;
  /** Called with the names of the files and folders that a reset has deleted. */
  readonly onReset?: (removed: readonly string[]) => void;
  readonly ports: PortPlan;
  /** Superuser URL of a server to use instead of the embedded one. */
  readonly databaseUrl?: string | undefined;
  /** Queues on Redis instead of PostgreSQL. */
  readonly redisUrl?: string | undefined;
  /** Object store to use instead of a directory below the state directory. */
  readonly objectStoreUrl?: string | undefined;
  /** Receiver of spans; without it the services store them. */
  readonly otlpEndpoint?: string | undefined;
  readonly modelsDir: string;
  readonly logLevel: string;
  readonly env: Environment;
  /** Aborts the start. */
  readonly signal: AbortSignal;
  /** Kills every service immediately, without a grace period. */
  readonly killSignal: AbortSignal;
  readonly onPartReady?: (part: PlatformPart, durationMs: number) => void;
  /** Default: JSON into `<stateDir>/logs/<service>.log`. */
  readonly output?: (service: ServiceName) => ServiceOutput;
  /** Called instead of resolving `crashed` when a service exits unexpectedly: in development the next change may fix it. */
  readonly onCrash?: (error: LauncherError) => void;
}
