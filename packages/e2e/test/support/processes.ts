import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { planPorts } from '@aion/launcher';
import { assertPortsFree } from '@aion/launcher/testing';
import { waitFor } from '@aion/testkit';

/** Ports of one Jest worker: platforms that start at the same time never choose the same. */
const PORTS_OF_WORKER = 1_500;
const MAX_WORKERS = 8;

/**
 * Finds the first of fourteen ports in a row that the platform can have, below the range from which systems take ports for
 * outgoing connections: one that is free now could otherwise be taken before the platform has it.
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

/** Living processes with a variable in their environment, the server of PostgreSQL in a state directory among them. */
export function processesOf(marker: string, stateDir: string): number[] {
  const marked = readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid && environmentText(pid).includes(`AION_TEST_MARKER=${marker}`));
  return [...marked, ...postgresOf(stateDir)];
}

function environmentText(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return ''; // It has ended between the two looks, or is another user's.
  }
}

function postgresOf(stateDir: string): number[] {
  try {
    const pid = Number(readFileSync(join(stateDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);
    process.kill(pid, 0);
    return [pid];
  } catch {
    return []; // Neither a file, nor a process of its number.
  }
}
