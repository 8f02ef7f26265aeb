import { readFileSync, statfsSync } from 'node:fs';

/** Free memory that the file system must have; a complete run of the tests stores much less at a time. */
const MIN_FREE_BYTES = 8 * 1024 ** 3;
const MEMORY_DIRECTORY = '/dev/shm';

/** Mounts and free bytes of this machine. */
export interface FileSystems {
  /** Content of `/proc/mounts`; empty on a system without it. */
  readonly mounts: string;
  readonly freeBytes: (path: string) => number;
}

/**
 * Selects the directory for temporary files of tests: `TMPDIR` when it is set, else a file system in memory where there is
 * one with enough room, which halves the system time of tests that start databases; undefined for the system's default.
 */
export function selectTempDirectory(env: NodeJS.ProcessEnv, { mounts, freeBytes }: FileSystems): string | undefined {
  if (env['TMPDIR'] !== undefined) return env['TMPDIR'];
  const mount = mounts.split('\n').findLast((line) => line.split(' ')[1] === MEMORY_DIRECTORY);
  const [, , type, options = ''] = mount?.split(' ') ?? [];
  const flags = options.split(',');
  // Tests start programs that they have written to temporary files.
  const isUsable = type === 'tmpfs' && flags.includes('rw') && !flags.includes('noexec');
  return isUsable && freeBytes(MEMORY_DIRECTORY) >= MIN_FREE_BYTES ? MEMORY_DIRECTORY : undefined;
}

/** Reads the mounts of this machine. */
export function readFileSystems(): FileSystems {
  return {
    mounts: process.platform === 'linux' ? readFileSync('/proc/mounts', 'utf8') : '',
    freeBytes: (path) => {
      const { bavail, bsize } = statfsSync(path);
      return bavail * bsize;
    },
  };
}
