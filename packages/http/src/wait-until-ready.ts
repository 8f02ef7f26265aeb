import type { Logger } from '@aion/logging';
import type { AdminServer } from './admin-server.ts';
import { pause } from './pause.ts';

/**
 * Says in the log when a service that has started can do its work, and until then what it waits for. Services start in
 * any order: none fails because another is not there yet.
 */
export async function reportReadiness(admin: AdminServer, logger: Logger, signal: AbortSignal): Promise<void> {
  let lastWaiting = '';
  for (let delayMs = 100; !signal.aborted; delayMs = Math.min(delayMs * 2, 2_000)) {
    const { ready, checks } = await admin.readiness();
    if (ready) {
      logger.info('Service is ready');
      return;
    }
    const waiting = Object.entries(checks).filter(([, check]) => !check.ok);
    const names = waiting.map(([name]) => name).join(', ');
    if (names !== lastWaiting) logger.info('Waiting for dependencies', { missing: Object.fromEntries(waiting) });
    lastWaiting = names;
    await pause(delayMs, signal);
  }
}
