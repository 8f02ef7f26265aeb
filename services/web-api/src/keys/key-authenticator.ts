import { ROLE_SCOPES, type Scope } from '@aion/contracts';
import { AuthenticationError, PermissionDeniedError } from '@aion/errors';
import type { Identity } from '@aion/http';
import type { Link } from '@opentelemetry/api';
import type { KeyIdentity } from '../callers/authorise.ts';
import { parseApiKey } from './api-key.ts';
import type { CachedKeyLookup, StoredApiKey, StoredOperator } from './cached-key-lookup.ts';
import { hashApiKey } from './hash-api-key.ts';
import { isSameSecret } from './is-same-secret.ts';
import type { KeyUsageRecorder } from './key-usage-recorder.ts';

/** Authenticates callers by their keys. */
export interface KeyAuthenticator {
  /**
   * Verifies a key and returns the identity of its holder.
   * @param key the token of the `Authorization` header, if there was one
   * @throws AuthenticationError; PermissionDeniedError when the tenant is closed; UnavailableError when keys cannot be
   *   looked up, or the use of this one cannot be recorded
   */
  authenticate(key: string | undefined, links: Link[]): Promise<Identity>;
  /**
   * Returns the present identity of the holder of a key that was authenticated earlier, as for a signed URL.
   * @throws the same errors as `authenticate`
   */
  identify(prefix: string, links: Link[]): Promise<KeyIdentity>;
}

/** Options of `createKeyAuthenticator`. */
export interface KeyAuthenticatorOptions {
  readonly keys: CachedKeyLookup<StoredApiKey>;
  readonly keyUsage: KeyUsageRecorder<StoredApiKey>;
  readonly operators: CachedKeyLookup<StoredOperator>;
  readonly operatorUsage: KeyUsageRecorder<StoredOperator>;
  readonly pepper: string;
  readonly initSecret: string;
  /** Unix time in milliseconds. */
  readonly now?: () => number;
}

const MISSING = 'No API key was sent. Send it in the header "Authorization: Bearer aion_sk_...".';
const MALFORMED =
  'The API key is malformed: it has the form aion_sk_<prefix>_<secret>, and a character is missing or mistyped. ' +
  'Check that it was copied completely.';
/** One message for unknown, wrong, expired and revoked keys, so that it does not reveal which prefixes exist. */
const NOT_VALID = 'The API key is not valid: it is unknown, has expired or was revoked.';
/** Replaces the hash of a key that does not exist, so that both cases take the same time. */
const NO_HASH = '0'.repeat(64);

/** Creates the authenticator of the public edge. */
export function createKeyAuthenticator(options: KeyAuthenticatorOptions): KeyAuthenticator {
  const { keys, keyUsage, operators, operatorUsage, pepper, initSecret, now = Date.now } = options;

  /** Finds the stored key and verifies the secret; the key may be expired or revoked. */
  const findGenuineKey = async <K extends KeyValidity>(lookup: CachedKeyLookup<K>, presented: PresentedKey) => {
    const { key, prefix, links } = presented;
    const stored = await lookup.find(prefix, links);
    const isGenuine = isSameSecret(hashApiKey(key, pepper), stored?.key_hash ?? NO_HASH);
    if (stored === undefined || !isGenuine) throw new AuthenticationError(NOT_VALID);
    return stored;
  };

  const authenticateKey = async (presented: PresentedKey): Promise<KeyIdentity> => {
    const stored = await findGenuineKey(keys, presented);
    const accepted = isLive(stored, now()) && !hasLeft(stored);
    // Nothing is added to the audit trail of a tenant that is closed or being erased.
    if (isTenantOpen(stored)) await keyUsage.ensureRecorded(stored, accepted, presented.links);
    if (!accepted) throw new AuthenticationError(NOT_VALID);
    return toIdentity(stored);
  };

  const authenticateOperator = async (presented: PresentedKey): Promise<Identity> => {
    const stored = await findGenuineKey(operators, presented);
    const accepted = isLive(stored, now());
    await operatorUsage.ensureRecorded(stored, accepted, presented.links);
    if (!accepted) throw new AuthenticationError(NOT_VALID);
    return { kind: 'operator', operatorId: stored.id };
  };

  return {
    authenticate: async (key, links) => {
      if (key === undefined) throw new AuthenticationError(MISSING);
      if (isSameSecret(key, initSecret)) return { kind: 'init' };
      const parsed = parseApiKey(key);
      if (parsed === undefined) throw new AuthenticationError(MALFORMED);
      const presented = { key, prefix: parsed.prefix, links };
      return parsed.kind === 'sk' ? authenticateKey(presented) : authenticateOperator(presented);
    },
    identify: async (prefix, links) => {
      const stored = await keys.find(prefix, links);
      if (stored === undefined || !isLive(stored, now()) || hasLeft(stored)) throw new AuthenticationError(NOT_VALID);
      return toIdentity(stored);
    },
  };
}

/** Fields that determine whether a key is valid. */
type KeyValidity = Pick<StoredApiKey, 'expires_at' | 'revoked_at' | 'key_hash'>;

/** A well-formed key of a request. */
interface PresentedKey {
  readonly key: string;
  readonly prefix: string;
  readonly links: Link[];
}

function isLive(key: KeyValidity, nowMs: number): boolean {
  return key.revoked_at === null && (key.expires_at === null || nowMs < Date.parse(key.expires_at));
}

/** Reports whether the key belongs to a user who is no longer a member of the tenant. */
function hasLeft({ user_id: userId, role }: StoredApiKey): boolean {
  return userId !== null && role === null;
}

function isTenantOpen({ tenant_state: state }: StoredApiKey): boolean {
  return state !== 'closed' && state !== 'erasing';
}

/** Maps a stored key to the identity of its holder. @throws PermissionDeniedError when the tenant is closed */
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

/** Returns the scopes of the key; for a user's key only those that the role of the user allows. */
function scopesOf({ scopes, role }: StoredApiKey): readonly Scope[] {
  return role === null ? scopes : scopes.filter((scope) => ROLE_SCOPES[role].includes(scope));
}
