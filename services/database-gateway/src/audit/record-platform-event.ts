import type { PLATFORM_ACTIONS } from '@aion/contracts';
import type { Database } from '../database/database.ts';
import { recordAuditEvent } from './record-audit-event.ts';

/** An action that concerns a process of the platform. */
export interface PlatformEvent {
  readonly action: (typeof PLATFORM_ACTIONS)[number];
  /** Actor: `service:<name>` of the service token. */
  readonly actor: string;
  /** Service that the process belongs to. */
  readonly service: string;
}

/** Target of events that concern no row. */
export const NO_ROW = '00000000-0000-0000-0000-000000000000';

/** Adds an event to the audit chain of the platform. */
export async function recordPlatformEvent(database: Database, event: PlatformEvent): Promise<void> {
  const { action, actor, service } = event;
  // One statement needs no transaction around it.
  await recordAuditEvent(
    { tenantId: null, query: (query) => database.query(query) },
    { actor, action, targetType: 'platform', targetId: NO_ROW, targetPath: service },
  );
}
