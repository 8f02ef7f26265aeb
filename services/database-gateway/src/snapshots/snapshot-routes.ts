import { internalRoutes } from '@aion/contracts';
import { bindRoute, requireTenantCaller, streamReply, type BoundRoute } from '@aion/http';
import type { AuditVerifier } from '../audit/audit-verifier.ts';
import type { ExportClaims } from '../exports/export-claims.ts';
import type { SnapshotStore } from './snapshot-store.ts';

/** Options of `createSnapshotRoutes`. */
export interface SnapshotRoutesOptions {
  readonly claims: Pick<ExportClaims, 'check'>;
  readonly snapshots: SnapshotStore;
  readonly audit: Pick<AuditVerifier, 'checkpoint'>;
}

const CONTENT_TYPE = 'application/x-ndjson';

/** Creates the routes by which a worker reads a snapshot while its fencing token is the current one of the export. */
export function createSnapshotRoutes({ claims, snapshots, audit }: SnapshotRoutesOptions): readonly BoundRoute[] {
  return [
    bindRoute(internalRoutes.exports.openSnapshot, async ({ params, body, identity, signal }) => {
      const { tenant_id: tenantId } = requireTenantCaller(identity);
      await claims.check(tenantId, params.export_id, body.epoch);
      await audit.checkpoint(tenantId);
      return streamReply({ contentType: CONTENT_TYPE, body: await snapshots.open(tenantId, signal) });
    }),
    bindRoute(internalRoutes.exports.readSnapshotRows, async ({ params, query, identity, signal }) => {
      const { tenant_id: tenantId } = requireTenantCaller(identity);
      const { epoch, snapshot_id: snapshotId, table } = query;
      await claims.check(tenantId, params.export_id, epoch);
      return streamReply({
        contentType: CONTENT_TYPE,
        body: await snapshots.readRows({ tenantId, snapshotId, table }, signal),
      });
    }),
  ];
}
