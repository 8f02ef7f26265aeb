import { setTimeout as sleep } from 'node:timers/promises';
import type { SnapshotHead } from '@aion/contracts';
import { UnavailableError } from '@aion/errors';
import { toDatabaseError } from '../database/database-error.ts';
import type { SnapshotSession } from './snapshot-session.ts';

/**
 * The stream that keeps a snapshot: its description in the first line, then an empty line every `heartbeatMs`, each after
 * a look whether the session is still there. The session is closed with the stream.
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
        throw new UnavailableError(`The snapshot was held for ${options.maxAgeMs} ms, which is the most.`);
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
