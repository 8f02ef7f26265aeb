import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { planPorts } from '@aion/launcher';
import { assertPortsFree } from '@aion/launcher/testing';
import { waitFor } from '@aion/testkit';

/** Number of ports per Jest worker, so that platforms that start at the same time use different ports. */
const PORTS_OF_WORKER = 1_500;
const MAX_WORKERS = 8;

/**
 * Returns the first of fourteen consecutive free ports for a platform. They are below the ephemeral port range, from which
 * the system could assign a port before the platform uses it.
 */
export async function findPorts(): Promise<number> {
  return waitFor(
    async () => {
      // Jest's own process, which starts the shared platform, has no number.
      const worker = Number(process.env['JEST_WORKER_ID'] ?? 0) % MAX_WORKERS;
      const first = 20_000 + worker * PORTS_OF_WORKER + Math.floor(Math.random() * (PORTS_OF_WORKER - 20));
      await assertPortsFree(planPorts(first), '127.0.0.1');
      return first;
    },
    { describe: 'free ports' },
  );
}

/** Lists the pids of processes with the marker in their environment, and of PostgreSQL in the state directory. */
export function listProcesses(marker: string, stateDir: string): number[] {
  const marked = readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid && readEnvironment(pid).includes(`AION_TEST_MARKER=${marker}`));
  return [...marked, ...findPostgres(stateDir)];
}

function readEnvironment(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return ''; // The process has ended or belongs to another user.
  }
}

function findPostgres(stateDir: string): number[] {
  try {
    const pid = Number(readFileSync(join(stateDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);
    process.kill(pid, 0);
    return [pid];
  } catch {
    return []; // No pid file or no such process.
  }
}
