import {
  ROTATION_BATCH,
  type EncryptedRow,
  type DecryptionFailure,
  internalRoutes,
  routes,
  type BodyOf,
} from '@aion/contracts';
import { bindRoute, type BoundRoute, type ServiceClient } from '@aion/http';
import { DecryptionError, UnknownEncryptionKeyError, type Encryption } from '@aion/encryption';
import { callerOf } from '../callers/caller-of.ts';
import { applyResponseHeaders } from '../management/apply-response-headers.ts';
import { credentialsContext } from './encrypt-credentials.ts';

type Batch = BodyOf<typeof internalRoutes.sealingKeys.storeRotatedRows>;
type Resealed = Batch['resealed'][number];

/**
 * Creates the route that re-encrypts secrets of former keys. Decrypted secrets stay in this process and are encrypted
 * again before anything else is done.
 */
export function createRotationRoutes(options: {
  readonly database: ServiceClient;
  readonly encryption: Encryption;
}): readonly BoundRoute[] {
  const { database, encryption } = options;
  return [
    bindRoute(routes.sealingKeys.rotate, async (request, reply) => {
      const { query, signal } = request;
      const caller = callerOf(routes.sealingKeys.rotate, request);
      const position = query.cursor === undefined ? {} : { after: query.cursor };
      const listed = { key_id: encryption.keyId, ...position };
      const { data } = await database.call(internalRoutes.sealingKeys.listOutdatedRows, { query: listed, signal });
      const body = reencryptAll(encryption, data);
      const input = { query, body, caller, signal };
      return applyResponseHeaders(await database.call(internalRoutes.sealingKeys.storeRotatedRows, input), reply);
    }),
  ];
}

function reencryptAll(encryption: Encryption, rows: readonly EncryptedRow[]): Batch {
  const resealed: Resealed[] = [];
  const failed: DecryptionFailure[] = [];
  for (const row of rows) {
    try {
      resealed.push(reencrypt(encryption, row));
    } catch (error) {
      if (!(error instanceof DecryptionError)) throw error;
      const reason = error instanceof UnknownEncryptionKeyError ? 'unknown_key' : 'damaged';
      failed.push({ provider_id: row.id, tenant_id: row.tenant_id, key_id: row.sealed.key_id, reason });
    }
  }
  const last = rows.length < ROTATION_BATCH ? undefined : rows.at(-1);
  return { key_id: encryption.keyId, resealed, failed, next_cursor: last?.id ?? null };
}

function reencrypt(encryption: Encryption, { id, tenant_id, version, sealed }: EncryptedRow): Resealed {
  const context = credentialsContext(id);
  const secret = encryption.decrypt({ keyId: sealed.key_id, bytes: Buffer.from(sealed.bytes, 'base64url') }, context);
  const { keyId, bytes } = encryption.encrypt(secret, context);
  const encrypted = { key_id: keyId, bytes: bytes.toString('base64url') };
  return { id, tenant_id, version, from_key_id: sealed.key_id, sealed: encrypted };
}
