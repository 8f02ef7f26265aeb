import { internalRoutes } from '@aion/contracts';
import { bindRoute, type BoundRoute } from '@aion/http';
import type { Database } from '../database/database.ts';
import { countEncryptedByKey, listEncryptedRows } from './encrypted-row-store.ts';

/** Creates the routes by which web-api reads encrypted rows, to re-encrypt them with another key. */
export function createEncryptedRowRoutes(database: Database): readonly BoundRoute[] {
  return [
    bindRoute(internalRoutes.sealingKeys.listOutdatedRows, async ({ query: { key_id: keyId, after } }) => ({
      data: await listEncryptedRows(database, { keyId, after }),
    })),
    bindRoute(internalRoutes.sealingKeys.countRows, async () => ({ data: await countEncryptedByKey(database) })),
  ];
}
