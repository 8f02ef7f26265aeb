import { storeApiKey, type ApiKey, type Scope } from '@aion/contracts';
import { InvalidRequestError } from '@aion/errors';
import type { ServiceClient } from '@aion/http';
import { v7 as uuidv7 } from 'uuid';
import { generateApiKey } from './api-key-format.ts';
import { hashApiKey } from './key-hash.ts';

/** A key that is wanted. */
export interface WantedKey {
  readonly tenantId: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly expires_at?: string | null | undefined;
  /** Who wants it. */
  readonly actor: string;
}

/**
 * Makes a key and stores it by its keyed hash; the answer has the secret, which is nowhere else.
 * @throws InvalidRequestError for a time that has passed; NotFoundError for an unknown tenant
 */
export async function createStoredKey(
  deps: { readonly database: ServiceClient; readonly pepper: string; readonly signal: AbortSignal },
  wanted: WantedKey,
): Promise<ApiKey & { readonly key: string }> {
  const expiresAt = wanted.expires_at ?? null;
  if (expiresAt !== null && Date.parse(expiresAt) <= Date.now()) {
    throw new InvalidRequestError(`expires_at is ${expiresAt}, which has passed.`, { param: 'expires_at' });
  }
  const { key, prefix } = generateApiKey();
  const stored = await deps.database.call(storeApiKey, {
    body: {
      id: uuidv7(),
      tenant_id: wanted.tenantId,
      name: wanted.name,
      prefix,
      key_hash: hashApiKey(key, deps.pepper),
      scopes: [...new Set(wanted.scopes)],
      expires_at: expiresAt,
      actor: wanted.actor,
    },
    signal: deps.signal,
  });
  return { ...stored, key };
}
