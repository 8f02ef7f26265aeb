import { AuthenticationError } from '@aion/errors';
import type { Identity } from '@aion/http';
import type { Link } from '@opentelemetry/api';
import { prefixOfApiKey } from './api-key-format.ts';
import type { KeyDirectory, StoredApiKey } from './key-directory.ts';
import { hashApiKey, isSameSecret } from './key-hash.ts';

/** Proves who the holder of a key is. */
export interface KeyAuthenticator {
  /**
   * @param key the token of the `Authorization` header, if there was one
   * @throws AuthenticationError; UnavailableError when keys cannot be looked up
   */
  authenticate(key: string | undefined, links: Link[]): Promise<Identity>;
}

/** What an authenticator is made of. */
export interface KeyAuthenticatorOptions {
  readonly directory: KeyDirectory;
  readonly pepper: string;
  readonly operatorKey: string;
  /** Unix time in milliseconds. */
  readonly now?: () => number;
}

const MISSING = 'No API key was sent. Send it in the header "Authorization: Bearer aion_sk_...".';
const MALFORMED =
  'The API key is malformed: it has the form aion_sk_<prefix>_<secret>, and a character is missing or mistyped. ' +
  'Check that it was copied whole.';
/** One message for unknown, wrong, expired and revoked keys: it tells nobody which prefixes exist. */
const REFUSED = 'The API key is not valid: it is unknown, has expired or was revoked.';
/** Stands in for the hash of a key that does not exist, so that the answer takes the same work. */
const NO_HASH = '0'.repeat(64);

/** Creates the authenticator of the public edge. */
export function createKeyAuthenticator(options: KeyAuthenticatorOptions): KeyAuthenticator {
  const { directory, pepper, operatorKey, now = Date.now } = options;
  return {
    authenticate: async (key, links) => {
      if (key === undefined) throw new AuthenticationError(MISSING);
      if (isSameSecret(key, operatorKey)) return { kind: 'operator' };
      const prefix = prefixOfApiKey(key);
      if (prefix === undefined) throw new AuthenticationError(MALFORMED);
      const stored = await directory.find(prefix, links);
      const isGenuine = isSameSecret(hashApiKey(key, pepper), stored?.key_hash ?? NO_HASH);
      if (stored === undefined || !isGenuine || !isLive(stored, now())) throw new AuthenticationError(REFUSED);
      return { kind: 'key', keyId: stored.id, tenantId: stored.tenant_id, scopes: stored.scopes };
    },
  };
}

function isLive(key: StoredApiKey, nowMs: number): boolean {
  return key.revoked_at === null && (key.expires_at === null || nowMs < Date.parse(key.expires_at));
}
