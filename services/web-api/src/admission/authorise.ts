import { rolesWith, type Route, type Scope } from '@aion/contracts';
import { InternalError, PermissionDeniedError } from '@aion/errors';
import type { Identity } from '@aion/http';

/** The holder of a tenant's key. */
export type KeyIdentity = Extract<Identity, { readonly kind: 'key' }>;

/** What of a route decides. */
export type GuardedRoute = Pick<Route, 'auth' | 'method'>;

/**
 * Decides whether an identity may call a route: the one place where the `auth` of contracts is enforced.
 * @throws PermissionDeniedError that names what is missing
 */
export function authorise({ auth, method }: GuardedRoute, identity: Identity): void {
  switch (auth.kind) {
    case 'none':
      return;
    case 'tenant':
      if (identity.kind === 'operator') return;
      assertScope(identity, auth.scope, method);
      return;
    case 'key':
      assertScope(identity, auth.scope, method);
      return;
    case 'operator':
      if (identity.kind === 'operator') return;
      throw new PermissionDeniedError("Only the platform operator may do this: call it with an operator's key.");
    case 'init':
      if (identity.kind === 'init') return;
      throw new PermissionDeniedError('Only the one-time secret AION_INIT_SECRET of the installation opens this.');
    default:
      if (identity.kind !== auth.kind) throw new PermissionDeniedError(`This route is for a ${auth.kind} only.`);
  }
}

/** What a tenant that is read-only may do beside reading: take its data with it. */
const ALSO_READ_ONLY: readonly Scope[] = ['exports:write'];

function assertScope(identity: Identity, scope: Scope, method: Route['method']): void {
  if (identity.kind !== 'key') {
    const message = `This route acts for a tenant: call it with a tenant's API key that has the scope "${scope}".`;
    throw new PermissionDeniedError(message);
  }
  if (!identity.scopes.includes(scope)) throw new PermissionDeniedError(lacking(identity, scope));
  if (identity.isReadOnly === true && method !== 'GET' && !ALSO_READ_ONLY.includes(scope)) {
    throw new PermissionDeniedError('The tenant is read-only: its data can be read and exported, and not changed.');
  }
}

function lacking({ userId }: KeyIdentity, scope: Scope): string {
  if (userId === undefined) return `The API key lacks the scope "${scope}". Ask the operator for a key that has it.`;
  const roles = rolesWith(scope).join(', ');
  return `The API key lacks the scope "${scope}", or its person has none of the roles that may hold it: ${roles}.`;
}

/** The identity behind a route of `auth` kind `key`. @throws InternalError when admission let another one through */
export function requireKey(identity: Identity): KeyIdentity {
  if (identity.kind === 'key') return identity;
  throw new InternalError(`A route for keys was reached by an identity of kind ${identity.kind}.`);
}
