import { ROLE_SCOPES, type Scope } from '@aion/contracts';
import { AuthenticationError, PermissionDeniedError } from '@aion/errors';
import type { Identity } from '@aion/http';
import type { Link } from '@opentelemetry/api';
import { parseApiKey } from './api-key-format.ts';
import type { KeyDirectory, StoredApiKey, StoredOperator } from './key-directory.ts';
import { hashApiKey, isSameSecret } from './key-hash.ts';

/** Proves who the holder of a key is. */
export interface KeyAuthenticator {
  /**
   * @param key the token of the `Authorization` header, if there was one
   * @throws AuthenticationError; PermissionDeniedError when the tenant is closed; UnavailableError when keys cannot be
   *   looked up
   */
  authenticate(key: string | undefined, links: Link[]): Promise<Identity>;
}

/** What an authenticator is made of. */
export interface KeyAuthenticatorOptions {
  readonly keys: KeyDirectory<StoredApiKey>;
  readonly operators: KeyDirectory<StoredOperator>;
  readonly pepper: string;
  readonly initSecret: string;
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

type LiveUntil = Pick<StoredApiKey, 'expires_at' | 'revoked_at' | 'key_hash'>;

/** Creates the authenticator of the public edge. */
export function createKeyAuthenticator(options: KeyAuthenticatorOptions): KeyAuthenticator {
  const { keys, operators, pepper, initSecret, now = Date.now } = options;

  const prove = async <K extends LiveUntil>(
    directory: KeyDirectory<K>,
    { key, prefix, links }: { readonly key: string; readonly prefix: string; readonly links: Link[] },
  ): Promise<K> => {
    const stored = await directory.find(prefix, links);
    const isGenuine = isSameSecret(hashApiKey(key, pepper), stored?.key_hash ?? NO_HASH);
    if (stored === undefined || !isGenuine || !isLive(stored, now())) throw new AuthenticationError(REFUSED);
    return stored;
  };

  return {
    authenticate: async (key, links) => {
      if (key === undefined) throw new AuthenticationError(MISSING);
      if (isSameSecret(key, initSecret)) return { kind: 'init' };
      const parsed = parseApiKey(key);
      if (parsed === undefined) throw new AuthenticationError(MALFORMED);
      const sent = { key, prefix: parsed.prefix, links };
      if (parsed.kind === 'sk') return toIdentity(await prove(keys, sent));
      const { id } = await prove(operators, sent);
      return { kind: 'operator', operatorId: id };
    },
  };
}

function isLive(key: LiveUntil, nowMs: number): boolean {
  return key.revoked_at === null && (key.expires_at === null || nowMs < Date.parse(key.expires_at));
}

/** @throws AuthenticationError when its person has left the tenant; PermissionDeniedError when the tenant is closed */
function toIdentity(key: StoredApiKey): Identity {
  const { id: keyId, tenant_id: tenantId, user_id: userId, tenant_state: state } = key;
  if (userId !== null && key.role === null) throw new AuthenticationError(REFUSED);
  if (state === 'closed' || state === 'erasing') {
    throw new PermissionDeniedError('The tenant of this API key is closed.');
  }
  return {
    kind: 'key',
    keyId,
    tenantId,
    scopes: scopesOf(key),
    ...(userId === null ? {} : { userId }),
    ...(state === 'read_only' ? { isReadOnly: true } : {}),
  };
}

/** What the key says, and of that, if it is a person's, what the person's role allows. */
function scopesOf({ scopes, role }: StoredApiKey): readonly Scope[] {
  return role === null ? scopes : scopes.filter((scope) => ROLE_SCOPES[role].includes(scope));
}
