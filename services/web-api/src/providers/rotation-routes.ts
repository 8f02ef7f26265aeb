import {
  listSealedOtherwise,
  rotateSealingKeys,
  ROTATION_BATCH,
  storeResealed,
  type SealedRow,
  type UnsealFailure,
} from '@aion/contracts';
import { bindRoute, type BoundRoute, type ServiceClient } from '@aion/http';
import { UnknownSealingKeyError, UnsealError, type Sealer } from '@aion/sealing';
import type { z } from 'zod';
import { callerOf } from '../management/caller-of.ts';
import { callerHeaders, reveal } from '../management/forward-route.ts';
import { credentialsContext } from './seal-credentials.ts';

type Batch = z.output<NonNullable<typeof storeResealed.body>>;
type Resealed = Batch['resealed'][number];

/**
 * Creates the route that seals anew what former keys have sealed. What is opened stays in this process, and is sealed
 * again before anything else is done.
 */
export function createRotationRoutes(options: {
  readonly database: ServiceClient;
  readonly sealer: Sealer;
}): readonly BoundRoute[] {
  const { database, sealer } = options;
  return [
    bindRoute(rotateSealingKeys, async (request, reply) => {
      const { query, signal } = request;
      const headers = callerHeaders(callerOf(rotateSealingKeys, request));
      const position = query.cursor === undefined ? {} : { after: query.cursor };
      const sealed = { key_id: sealer.keyId, ...position };
      const { data } = await database.call(listSealedOtherwise, { query: sealed, signal });
      const body = resealAll(sealer, data);
      return reveal(await database.call(storeResealed, { query, body, headers, signal }), reply);
    }),
  ];
}

function resealAll(sealer: Sealer, rows: readonly SealedRow[]): Batch {
  const resealed: Resealed[] = [];
  const failed: UnsealFailure[] = [];
  for (const row of rows) {
    try {
      resealed.push(reseal(sealer, row));
    } catch (error) {
      if (!(error instanceof UnsealError)) throw error;
      const reason = error instanceof UnknownSealingKeyError ? 'unknown_key' : 'damaged';
      failed.push({ provider_id: row.id, tenant_id: row.tenant_id, key_id: row.sealed.key_id, reason });
    }
  }
  const last = rows.length < ROTATION_BATCH ? undefined : rows.at(-1);
  return { key_id: sealer.keyId, resealed, failed, next_cursor: last?.id ?? null };
}

function reseal(sealer: Sealer, { id, tenant_id, version, sealed }: SealedRow): Resealed {
  const context = credentialsContext(id);
  const secret = sealer.open({ keyId: sealed.key_id, bytes: Buffer.from(sealed.bytes, 'base64url') }, context);
  const { keyId, bytes } = sealer.seal(secret, context);
  const anew = { key_id: keyId, bytes: bytes.toString('base64url') };
  return { id, tenant_id, version, from_key_id: sealed.key_id, sealed: anew };
}
