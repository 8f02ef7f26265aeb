import { internalRoutes } from '@aion/contracts';
import { bindRoute, requireCaller, type BoundRoute } from '@aion/http';
import type { Database } from '../database/database.ts';
import { recordFeatureFlags } from './record-feature-flags.ts';
import { recordPlatformEvent } from './record-platform-event.ts';

type Identity = Parameters<typeof requireCaller>[0];

/** Creates the routes by which services record events of their processes in the audit chain of the platform. */
export function createPlatformEventRoutes(database: Database): readonly BoundRoute[] {
  return [
    bindRoute(internalRoutes.platformEvents.record, async ({ body, identity }) => {
      const { actor } = requireCaller(identity);
      await recordPlatformEvent(database, { ...body, actor, service: toServiceName(identity) });
      return undefined;
    }),
    bindRoute(internalRoutes.platformEvents.recordSwitches, async ({ body, identity }) => {
      await recordFeatureFlags(database, toServiceName(identity), body.switches);
      return undefined;
    }),
  ];
}

function toServiceName(identity: Identity): string {
  return identity.kind === 'service' ? identity.service : identity.kind;
}
