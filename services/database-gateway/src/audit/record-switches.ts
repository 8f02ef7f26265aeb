import type { Switches } from '@aion/http';
import type { Database } from '../database/database.ts';
import { recordAuditEvent } from './record-audit-event.ts';
import { NO_ROW } from './record-platform-event.ts';

interface Changed {
  readonly [column: string]: unknown;
  readonly feature: string;
  readonly is_on: boolean;
}

/**
 * Remembers what is switched on in a service. Each switch that was remembered otherwise is an event of the platform's
 * audit chain; one that was never told of is not: nobody has changed it.
 */
export async function recordSwitches(database: Database, service: string, switches: Switches): Promise<void> {
  const features = Object.keys(switches).toSorted();
  const told = [service, features, features.map((feature) => switches[feature])];
  await database.withPlatform(async (transaction) => {
    const changed = await transaction.query<Changed>({
      operation: 'UPDATE',
      table: 'platform_switches',
      text: `
        UPDATE platform_switches known SET is_on = told.is_on, changed_at = now()
        FROM unnest($2::text[], $3::boolean[]) AS told (feature, is_on)
        WHERE known.service = $1 AND known.feature = told.feature AND known.is_on <> told.is_on
        RETURNING known.feature, known.is_on`,
      values: told,
    });
    await transaction.query({
      operation: 'INSERT',
      table: 'platform_switches',
      text: `
        INSERT INTO platform_switches (service, feature, is_on)
        SELECT $1, feature, is_on FROM unnest($2::text[], $3::boolean[]) AS told (feature, is_on)
        ON CONFLICT (service, feature) DO NOTHING`,
      values: told,
    });
    for (const { feature, is_on: isOn } of changed.toSorted((a, b) => (a.feature < b.feature ? -1 : 1))) {
      await recordAuditEvent(transaction, {
        actor: `service:${service}`,
        action: isOn ? 'switch.turned_on' : 'switch.turned_off',
        ...{ targetType: 'platform', targetId: NO_ROW, targetPath: `${service}/${feature}` },
      });
    }
  });
}
