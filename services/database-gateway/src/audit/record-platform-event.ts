import type { PLATFORM_ACTIONS } from '@aion/contracts';
import { activeIds, activeSpanIds } from '@aion/tracing';
import { v7 as uuidv7 } from 'uuid';
import type { Database } from '../database/database.ts';

/** Something that was done to a process of the platform. */
export interface PlatformEvent {
  readonly action: (typeof PLATFORM_ACTIONS)[number];
  /** Who: `service:<name>` of the token that was shown. */
  readonly actor: string;
  /** The service whose process it was. */
  readonly service: string;
}

/** The target of events that are about no row. */
export const NO_ROW = '00000000-0000-0000-0000-000000000000';

/** Adds an event to the platform's own audit chain. */
export async function recordPlatformEvent(database: Database, event: PlatformEvent): Promise<void> {
  const ids = activeIds();
  await database.query({
    operation: 'INSERT',
    table: 'audit_events',
    text: `
      INSERT INTO audit_events (id, actor, action, target_type, target_id, target_path, outcome, request_id,
        correlation_id, trace_id)
      VALUES ($1, $2, $3, 'platform', $4, $5, 'success', $6, $7, $8)`,
    values: [
      ...[uuidv7(), event.actor, event.action, NO_ROW, event.service],
      ...[ids.requestId ?? null, ids.correlationId ?? null, activeSpanIds()?.traceId ?? null],
    ],
  });
}
