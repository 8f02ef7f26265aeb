import { ROLE_SCOPES, type Scope } from '@aion/contracts';
import { AuthenticationError, PermissionDeniedError } from '@aion/errors';
import type { Identity } from '@aion/http';
import type { Link } from '@opentelemetry/api';
import type { KeyIdentity } from '../admission/authorise.ts';
import { parseApiKey } from './api-key-format.ts';
import type { KeyDirectory, StoredApiKey, StoredOperator } from './key-directory.ts';
import { hashApiKey, isSameSecret } from './key-hash.ts';
import type { KeyUses } from './key-uses.ts';

/** Proves who the holder of a key is. */
export interface KeyAuthenticator {
  /**
   * @param key the token of the `Authorization` header, if there was one
   * @throws AuthenticationError; PermissionDeniedError when the tenant is closed; UnavailableError when keys cannot be
   *   looked up, or it cannot be recorded that this one is used
   */
  authenticate(key: string | undefined, links: Link[]): Promise<Identity>;
  /**
   * What the key with a prefix may now, for what its holder has been given before, such as a signed URL.
   * @throws as `authenticate` does
   */
  identify(prefix: string, links: Link[]): Promise<KeyIdentity>;
}

/** What an authenticator is made of. */
export interface KeyAuthenticatorOptions {
  readonly keys: KeyDirectory<StoredApiKey>;
  readonly keyUses: KeyUses<StoredApiKey>;
  readonly operators: KeyDirectory<StoredOperator>;
  readonly operatorUses: KeyUses<StoredOperator>;
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
  const { keys, keyUses, operators, operatorUses, pepper, initSecret, now = Date.now } = options;

  /** The stored key whose secret was sent, in whatever state it is. */
  const prove = async <K extends LiveUntil>(directory: KeyDirectory<K>, { key, prefix, links }: Sent): Promise<K> => {
    const stored = await directory.find(prefix, links);
    const isGenuine = isSameSecret(hashApiKey(key, pepper), stored?.key_hash ?? NO_HASH);
    if (stored === undefined || !isGenuine) throw new AuthenticationError(REFUSED);
    return stored;
  };

  const accept = async (sent: Sent): Promise<KeyIdentity> => {
    const stored = await prove(keys, sent);
    const accepted = isLive(stored, now()) && !hasLeft(stored);
    // Nothing is added to the trail of a tenant that is being erased, or is gone.
    if (isTenantOpen(stored)) await keyUses.ensureRecorded(stored, accepted, sent.links);
    if (!accepted) throw new AuthenticationError(REFUSED);
    return toIdentity(stored);
  };

  const acceptOperator = async (sent: Sent): Promise<Identity> => {
    const stored = await prove(operators, sent);
    const accepted = isLive(stored, now());
    await operatorUses.ensureRecorded(stored, accepted, sent.links);
    if (!accepted) throw new AuthenticationError(REFUSED);
    return { kind: 'operator', operatorId: stored.id };
  };

  return {
    authenticate: async (key, links) => {
      if (key === undefined) throw new AuthenticationError(MISSING);
      if (isSameSecret(key, initSecret)) return { kind: 'init' };
      const parsed = parseApiKey(key);
      if (parsed === undefined) throw new AuthenticationError(MALFORMED);
      const sent = { key, prefix: parsed.prefix, links };
      return parsed.kind === 'sk' ? accept(sent) : acceptOperator(sent);
    },
    identify: async (prefix, links) => {
      const stored = await keys.find(prefix, links);
      if (stored === undefined || !isLive(stored, now()) || hasLeft(stored)) throw new AuthenticationError(REFUSED);
      return toIdentity(stored);
    },
  };
}

/** What came with a request. */
interface Sent {
  readonly key: string;
  readonly prefix: string;
  readonly links: Link[];
}

function isLive(key: LiveUntil, nowMs: number): boolean {
  return key.revoked_at === null && (key.expires_at === null || nowMs < Date.parse(key.expires_at));
}

/** Whether the key is of a person who is not in the tenant any more. */
function hasLeft({ user_id: userId, role }: StoredApiKey): boolean {
  return userId !== null && role === null;
}

function isTenantOpen({ tenant_state: state }: StoredApiKey): boolean {
  return state !== 'closed' && state !== 'erasing';
}

/** @throws PermissionDeniedError when the tenant is closed */
function toIdentity(key: StoredApiKey): KeyIdentity {
  const { id: keyId, prefix, tenant_id: tenantId, user_id: userId, tenant_state: state } = key;
  if (!isTenantOpen(key)) throw new PermissionDeniedError('The tenant of this API key is closed.');
  return {
    kind: 'key',
    keyId,
    prefix,
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
