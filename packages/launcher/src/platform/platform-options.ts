import type { Environment } from '@aion/config';
import type { ServiceName } from '@aion/contracts';
import type { LauncherError } from './launcher-error.ts';
import type { PortPlan } from './port-plan.ts';
import type { ServiceOutput } from './service-process.ts';

/** A part of the platform, for the terminal. */
export type PlatformPart = 'PostgreSQL' | ServiceName;

/** How a platform is started. */
export interface PlatformOptions {
  /** The repository's root. */
  readonly checkoutDir: string;
  /** Absolute path of what is kept between runs. */
  readonly stateDir: string;
  /** Deletes the data of earlier runs first; models stay. */
  readonly reset?: boolean;
  /** Receives the names of the files and folders that a reset has deleted. */
  readonly onReset?: (removed: readonly string[]) => void;
  readonly ports: PortPlan;
  /** Superuser URL of a server to use instead of the embedded one. */
  readonly databaseUrl?: string | undefined;
  /** Queues on Redis instead of PostgreSQL. */
  readonly redisUrl?: string | undefined;
  /** Instead of a directory below the state directory. */
  readonly objectStoreUrl?: string | undefined;
  /** Where spans go; without it they stay in the services. */
  readonly otlpEndpoint?: string | undefined;
  readonly modelsDir: string;
  readonly logLevel: string;
  readonly env: Environment;
  /** Abandons the start. */
  readonly signal: AbortSignal;
  /** Ends every service at once, without grace. */
  readonly killSignal: AbortSignal;
  readonly onPartReady?: (part: PlatformPart, durationMs: number) => void;
  /** Default: JSON into `<stateDir>/logs/<service>.log`. */
  readonly output?: (service: ServiceName) => ServiceOutput;
  /** Hears of a service that has ended by itself, instead of `crashed`: for development, where the next change mends it. */
  readonly onCrash?: (error: LauncherError) => void;
}
