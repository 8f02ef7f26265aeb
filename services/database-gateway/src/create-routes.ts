import { internalRoutes } from '@aion/contracts';
import { UnavailableError } from '@aion/errors';
import { bindRoute, type BoundRoute } from '@aion/http';
import type { AuditVerifier } from './audit/audit-verifier.ts';
import { createPlatformEventRoutes } from './audit/platform-event-routes.ts';
import { createManagementRoutes, type ManagementSettings } from './create-management-routes.ts';
import type { Database } from './database/database.ts';
import type { ExportClaims } from './exports/export-claims.ts';
import { createExportDownloadRoutes } from './exports/export-download-routes.ts';
import type { ExportDownloads } from './exports/export-downloads.ts';
import { createExportWorkerRoutes } from './exports/export-worker-routes.ts';
import { createFileDownloadRoutes } from './files/file-routes.ts';
import { createStrayObjectRoutes } from './files/stray-object-routes.ts';
import type { GenerationStore } from './generations/generation-store.ts';
import { createGenerationWriteRoutes } from './generations/generation-write-routes.ts';
import { createKeyHolderRoutes } from './keys/key-holder-routes.ts';
import { createEncryptedRowRoutes } from './providers/encrypted-row-routes.ts';
import { createSnapshotRoutes } from './snapshots/snapshot-routes.ts';
import type { SnapshotStore } from './snapshots/snapshot-store.ts';

/** Options of `createRoutes`. */
export interface RoutesOptions {
  readonly database: Database;
  readonly settings: ManagementSettings;
  readonly generations: GenerationStore;
  readonly downloads: ExportDownloads;
  readonly claims: ExportClaims;
  readonly snapshots: SnapshotStore;
  readonly audit: Pick<AuditVerifier, 'checkpoint'>;
  /** @throws unless the database and the queue answer */
  readonly ping: () => Promise<void>;
  /** Returns false until the schema is up to date. */
  readonly isReady: () => boolean;
}

/** Creates every route of database-gateway. */
export function createRoutes(options: RoutesOptions): readonly BoundRoute[] {
  const { database, settings, generations, downloads, claims, ping, isReady } = options;
  const routes = [
    bindRoute(internalRoutes.ping.databaseGateway, async () => {
      await ping();
      return { service: 'database-gateway' };
    }),
    ...createPlatformEventRoutes(database),
    ...createKeyHolderRoutes(database),
    ...createEncryptedRowRoutes(database),
    ...createManagementRoutes(database, settings),
    ...createGenerationWriteRoutes(generations),
    ...createExportDownloadRoutes(downloads),
    ...createExportWorkerRoutes(claims),
    ...createSnapshotRoutes(options),
    ...createFileDownloadRoutes(database),
    ...createStrayObjectRoutes(database),
  ];
  return routes.map((bound) => ({
    route: bound.route,
    handle: (request, reply) => {
      if (isReady()) return bound.handle(request, reply);
      throw new UnavailableError('database-gateway has not prepared its database yet.', { retryAfterSeconds: 1 });
    },
  }));
}
