import type { Logger } from '@aion/logging';
import type { AdminServer } from './admin-server.ts';
import { pause } from './pause.ts';

/**
 * Logs when a started service is ready, and until then the dependencies that it waits for. Services start in any order:
 * none fails because another is not yet available.
 */
export async function reportReadiness(admin: AdminServer, logger: Logger, signal: AbortSignal): Promise<void> {
  let previousNames = '';
  for (let delayMs = 100; !signal.aborted; delayMs = Math.min(delayMs * 2, 2_000)) {
    const { ready, checks } = await admin.readiness();
    if (ready) {
      logger.info('Service is ready');
      return;
    }
    const missing = Object.entries(checks).filter(([, check]) => !check.ok);
    const names = missing.map(([name]) => name).join(', ');
    if (names !== previousNames) logger.info('Waiting for dependencies', { missing: Object.fromEntries(missing) });
    previousNames = names;
    await pause(delayMs, signal);
  }
}
