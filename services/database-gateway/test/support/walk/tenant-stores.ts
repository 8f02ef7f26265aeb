import { internalRoute, routes } from '@aion/contracts';
import { createAuditTrailStore } from '../../../src/audit/audit-trail-store.ts';
import type { ConnectionPool } from '../../../src/database/connection-pool.ts';
import type { Database } from '../../../src/database/database.ts';
import { createExportClaims } from '../../../src/exports/export-claims.ts';
import { createExportDownloads } from '../../../src/exports/export-downloads.ts';
import { recordFileDownload } from '../../../src/files/file-routes.ts';
import { createStrayObjectStore } from '../../../src/files/stray-object-store.ts';
import { createGenerationStore } from '../../../src/generations/generation-store.ts';
import { recordKeyUse } from '../../../src/keys/record-key-use.ts';
import { createSnapshotStore } from '../../../src/snapshots/snapshot-store.ts';
import { createManagement, operatorFor } from '../management.ts';
import { noMetrics, silentLogger } from '../test-database.ts';

/** Access to the rows of a tenant other than by routes of the management API. */
export type TenantStores = ReturnType<typeof createTenantStores>;

/** Creates the stores. */
export function createTenantStores(database: Database, exportsPool: ConnectionPool) {
  const options = { pool: exportsPool, database, metrics: noMetrics, logger: silentLogger };
  return {
    generations: createGenerationStore(database, { storeContent: true }),
    exports: createExportDownloads(database),
    claims: createExportClaims(database),
    snapshots: createSnapshotStore({ ...options, maxSnapshots: 2, maxSnapshotAgeMs: 60_000 }),
    strayObjects: createStrayObjectStore(database),
    downloads: {
      record: (tenantId: string, fileId: string, actor: string) =>
        database.withTenant(tenantId, (transaction) => recordFileDownload(transaction, fileId, actor)),
    },
    parked: {
      release: (tenantId: string, outboxId: string) =>
        createManagement(database)(internalRoute(routes.outboxRows.release), operatorFor(null), {
          params: { outbox_id: outboxId },
          body: { tenant_id: tenantId },
        }),
    },
    keyUses: {
      record: (tenantId: string, keyId: string, accepted: boolean) =>
        recordKeyUse(database, keyId, { tenant_id: tenantId, accepted }),
    },
    trail: createAuditTrailStore(database),
  };
}
