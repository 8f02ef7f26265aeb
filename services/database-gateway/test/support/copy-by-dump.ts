import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';

/** Reads the major version of `pg_dump`, up to which it can dump servers and `psql` can restore the dumps. */
export function majorOfDump(pgDump: string): string {
  const version = execFileSync(pgDump, ['--version'], { encoding: 'utf8' });
  return /\d+/.exec(version)?.[0] ?? version;
}

/** Copies the content of a database to another by an SQL dump. */
export function copyByDump(pgDump: string, fromUrl: string, toUrl: string): void {
  const dump = execFileSync(pgDump, [fromUrl], { stdio: ['ignore', 'pipe', 'inherit'] });
  execFileSync(join(dirname(pgDump), 'psql'), ['--quiet', '--set=ON_ERROR_STOP=1', toUrl], {
    input: dump,
    stdio: 'pipe',
  });
}
