import type { SystemPackages } from './system-packages.ts';

/** What the installer of one tool works with. */
export interface InstallContext {
  env: NodeJS.ProcessEnv;
  system: SystemPackages;
  signal?: AbortSignal;
  /** Takes each line of output, to show that a long step lives. */
  onLine: (line: string) => void;
}
