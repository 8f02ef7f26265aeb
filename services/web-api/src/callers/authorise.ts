import { isReading, rolesWith, type Route, type Scope } from '@aion/contracts';
import { InternalError, PermissionDeniedError } from '@aion/errors';
import type { Identity } from '@aion/http';

/** The holder of a tenant's key. */
export type KeyIdentity = Extract<Identity, { readonly kind: 'key' }>;

/** Parts of a route that authorisation depends on. */
export type GuardedRoute = Pick<Route, 'auth' | 'method' | 'whileReadOnly'>;

/**
 * Decides whether an identity may call a route: the one place where `auth` and `whileReadOnly` of contracts are enforced.
 * @throws PermissionDeniedError that names the missing permission
 */
export function authorise(route: GuardedRoute, identity: Identity): void {
  const { auth } = route;
  switch (auth.kind) {
    case 'none':
      return;
    case 'tenant':
      if (identity.kind === 'operator') return;
      assertScope(route, auth.scope, identity);
      return;
    case 'key':
      assertScope(route, auth.scope, identity);
      return;
    case 'operator':
      if (identity.kind === 'operator') return;
      throw new PermissionDeniedError("Only the platform operator may do this: call it with an operator's key.");
    case 'init':
      if (identity.kind === 'init') return;
      throw new PermissionDeniedError(
        'This route is for the one-time secret AION_INIT_SECRET of the installation only.',
      );
    default:
      if (identity.kind !== auth.kind) throw new PermissionDeniedError(`This route is for a ${auth.kind} only.`);
  }
}

function assertScope(route: GuardedRoute, scope: Scope, identity: Identity): void {
  if (identity.kind !== 'key') {
    const message = `This route acts for a tenant: call it with a tenant's API key that has the scope "${scope}".`;
    throw new PermissionDeniedError(message);
  }
  if (!identity.scopes.includes(scope)) throw new PermissionDeniedError(describeMissingScope(identity, scope));
  if (identity.isReadOnly === true && !isReading(route) && route.whileReadOnly !== true) {
    throw new PermissionDeniedError(
      'The tenant is read-only: its data can be read and exported, its keys revoked and legal holds set, and nothing else.',
    );
  }
}

function describeMissingScope({ userId }: KeyIdentity, scope: Scope): string {
  if (userId === undefined) return `The API key lacks the scope "${scope}". Ask the operator for a key that has it.`;
  const roles = rolesWith(scope).join(', ');
  return `The API key lacks the scope "${scope}", or its user has none of the roles that may have it: ${roles}.`;
}

/** Returns the identity of a caller on a route of `auth` kind `key`. @throws InternalError for another identity */
export function requireKey(identity: Identity): KeyIdentity {
  if (identity.kind === 'key') return identity;
  throw new InternalError(`A route for keys was reached by an identity of kind ${identity.kind}.`);
}
