import { setTimeout as sleep } from 'node:timers/promises';
import type { SnapshotHead } from '@aion/contracts';
import { UnavailableError } from '@aion/errors';
import { toDatabaseError } from '../database/database-error.ts';
import type { SnapshotSession } from './snapshot-session.ts';

/**
 * Streams the description of a snapshot in the first line, then an empty line every `heartbeatMs`, each after a query
 * that proves the session alive. The snapshot lives as long as the stream, and its session is closed with it.
 */
export async function* holdSnapshot(
  session: SnapshotSession,
  head: SnapshotHead,
  options: { readonly heartbeatMs: number; readonly maxAgeMs: number },
): AsyncGenerator<Uint8Array> {
  const endsAt = performance.now() + options.maxAgeMs;
  try {
    yield Buffer.from(`${JSON.stringify(head)}\n`);
    for (;;) {
      const leftMs = endsAt - performance.now();
      if (leftMs <= 0)
        throw new UnavailableError(`The snapshot has reached its maximum age of ${options.maxAgeMs} ms.`);
      await sleep(Math.min(options.heartbeatMs, leftMs), undefined, { signal: session.signal });
      await session.client.query('SELECT 1');
      yield Buffer.from('\n');
    }
  } catch (error) {
    session.signal.throwIfAborted();
    throw toDatabaseError(error);
  } finally {
    await session.close();
  }
}
