import type { SystemPackages } from './system-packages.ts';

/** Environment of the installer of one tool. */
export interface InstallContext {
  env: NodeJS.ProcessEnv;
  system: SystemPackages;
  signal?: AbortSignal;
  /** Receives each line of output, so that a long step shows progress. */
  onLine: (line: string) => void;
}
