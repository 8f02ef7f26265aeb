import { internalRoutes } from '@aion/contracts';
import { UnavailableError } from '@aion/errors';
import { bindRoute, requireCaller, requireTenantCaller, streamReply, type BoundRoute } from '@aion/http';
import type { AuditVerifier } from './audit/audit-verifier.ts';
import { recordPlatformEvent } from './audit/record-platform-event.ts';
import { recordSwitches } from './audit/record-switches.ts';
import type { Database } from './database/database.ts';
import type { ExportClaims } from './exports/export-claims.ts';
import type { ExportStore } from './exports/export-store.ts';
import type { GenerationStore } from './generations/generation-store.ts';
import { writeBatch } from './generations/write-batch.ts';
import { createStrayRoutes } from './files/stray-routes.ts';
import { findKeyHolder, findOperatorByPrefix } from './keys/find-key-holder.ts';
import { recordKeyUse, recordOperatorUse } from './keys/record-key-use.ts';
import { createManagementRoutes, type ManagementSettings } from './create-management-routes.ts';
import { countEncryptedByKey, listEncryptedRows } from './providers/encrypted-row-store.ts';
import type { SnapshotStore } from './snapshots/snapshot-store.ts';

/** What the routes call. */
export interface RouteDependencies {
  readonly database: Database;
  readonly settings: ManagementSettings;
  readonly generations: GenerationStore;
  readonly exports: ExportStore;
  readonly claims: ExportClaims;
  readonly snapshots: SnapshotStore;
  readonly audit: Pick<AuditVerifier, 'checkpoint'>;
  /** Throws unless the service can do its work. */
  readonly ping: () => Promise<void>;
  /** False until the schema is up to date. */
  readonly isReady: () => boolean;
}

/** Binds every route of database-gateway. */
export function createRoutes(deps: RouteDependencies): readonly BoundRoute[] {
  const routes = [
    bindRoute(internalRoutes.ping.databaseGateway, async () => {
      await deps.ping();
      return { service: 'database-gateway' };
    }),
    bindRoute(internalRoutes.platformEvents.record, async ({ body, identity }) => {
      const service = identity.kind === 'service' ? identity.service : identity.kind;
      await recordPlatformEvent(deps.database, { ...body, actor: requireCaller(identity).actor, service });
      return undefined;
    }),
    bindRoute(internalRoutes.platformEvents.recordSwitches, async ({ body, identity }) => {
      const service = identity.kind === 'service' ? identity.service : identity.kind;
      await recordSwitches(deps.database, service, body.switches);
      return undefined;
    }),
    ...keyRoutes(deps),
    ...rotationReadRoutes(deps),
    ...createManagementRoutes(deps.database, deps.settings),
    ...generationRoutes(deps),
    ...exportRoutes(deps),
    ...claimRoutes(deps),
    ...snapshotRoutes(deps),
    ...createStrayRoutes(deps.database),
  ];
  return routes.map((bound) => ({
    route: bound.route,
    handle: (request, reply) => {
      if (deps.isReady()) return bound.handle(request, reply);
      throw new UnavailableError('database-gateway has not prepared its database yet.', { retryAfterSeconds: 1 });
    },
  }));
}

function keyRoutes({ database }: RouteDependencies): BoundRoute[] {
  return [
    bindRoute(internalRoutes.apiKeys.find, ({ params }) => findKeyHolder(database, params.prefix)),
    bindRoute(internalRoutes.operators.find, ({ params }) => findOperatorByPrefix(database, params.prefix)),
    bindRoute(internalRoutes.apiKeys.recordUse, async ({ params, body, identity }) => {
      const { tenant_id: tenantId } = requireTenantCaller(identity);
      await recordKeyUse(database, params.key_id, { ...body, tenant_id: tenantId });
      return undefined;
    }),
    bindRoute(internalRoutes.operators.recordUse, async ({ params, body }) => {
      await recordOperatorUse(database, params.operator_id, body);
      return undefined;
    }),
  ];
}

function rotationReadRoutes({ database }: RouteDependencies): BoundRoute[] {
  return [
    bindRoute(internalRoutes.sealingKeys.listOutdatedRows, async ({ query: { key_id: keyId, after } }) => ({
      data: await listEncryptedRows(database, { keyId, after }),
    })),
    bindRoute(internalRoutes.sealingKeys.countRows, async () => ({ data: await countEncryptedByKey(database) })),
  ];
}

function generationRoutes({ generations }: RouteDependencies): BoundRoute[] {
  return [
    bindRoute(internalRoutes.generations.open, async ({ params, body }) => {
      await generations.open(params.generation_id, body);
      return undefined;
    }),
    bindRoute(internalRoutes.generations.settle, async ({ params, body }) => {
      await generations.settle(params.generation_id, body);
      return undefined;
    }),
    bindRoute(internalRoutes.generations.writeBatch, ({ body }) => writeBatch(generations, body)),
  ];
}

function exportRoutes({ exports }: RouteDependencies): BoundRoute[] {
  return [
    bindRoute(internalRoutes.exports.readBundleFiles, async ({ params, identity }) => {
      const { tenant_id: tenantId } = requireTenantCaller(identity);
      const { finishedAt, files } = await exports.readFiles(tenantId, params.export_id);
      return { finished_at: finishedAt, files: [...files] };
    }),
    bindRoute(internalRoutes.exports.recordDownload, async ({ params, body, identity }) => {
      const { tenant_id, actor } = requireTenantCaller(identity);
      await exports.recordDownload(params.export_id, { ...body, tenant_id, actor });
      return undefined;
    }),
  ];
}

function claimRoutes({ claims }: RouteDependencies): BoundRoute[] {
  return [
    bindRoute(internalRoutes.exports.claim, ({ params, body, identity }) =>
      claims.claim(params.export_id, { ...body, tenant_id: requireTenantCaller(identity).tenant_id }),
    ),
    bindRoute(internalRoutes.exports.renew, async ({ params, body, identity }) => {
      await claims.renew(params.export_id, { ...body, tenant_id: requireTenantCaller(identity).tenant_id });
      return undefined;
    }),
    bindRoute(internalRoutes.exports.complete, async ({ params, body, identity }) => {
      const { tenant_id, actor } = requireTenantCaller(identity);
      await claims.complete(params.export_id, { ...body, tenant_id }, actor);
      return undefined;
    }),
    bindRoute(internalRoutes.exports.fail, async ({ params, body, identity }) => {
      const { tenant_id, actor } = requireTenantCaller(identity);
      await claims.fail(params.export_id, { ...body, tenant_id }, actor);
      return undefined;
    }),
  ];
}

function snapshotRoutes({ claims, snapshots, audit }: RouteDependencies): BoundRoute[] {
  const contentType = 'application/x-ndjson';
  return [
    bindRoute(internalRoutes.exports.openSnapshot, async ({ params, body, identity, signal }) => {
      const { tenant_id: tenantId } = requireTenantCaller(identity);
      await claims.check(tenantId, params.export_id, body.epoch);
      await audit.checkpoint(tenantId);
      return streamReply({ contentType, body: await snapshots.open(tenantId, signal) });
    }),
    bindRoute(internalRoutes.exports.readSnapshotRows, async ({ params, query, identity, signal }) => {
      const { tenant_id: tenantId } = requireTenantCaller(identity);
      await claims.check(tenantId, params.export_id, query.epoch);
      const { snapshot_id: snapshotId, table } = query;
      return streamReply({ contentType, body: await snapshots.readRows({ tenantId, snapshotId, table }, signal) });
    }),
  ];
}
