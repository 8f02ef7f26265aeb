import type { RouteAuth } from '@aion/contracts';
import { InternalError, PermissionDeniedError } from '@aion/errors';
import type { Identity } from '@aion/http';

/** The holder of a tenant's key. */
export type KeyIdentity = Extract<Identity, { readonly kind: 'key' }>;

/**
 * Decides whether an identity may call a route: the one place where the `auth` of contracts is enforced.
 * @throws PermissionDeniedError that names what is missing
 */
export function authorise(auth: RouteAuth, identity: Identity): void {
  switch (auth.kind) {
    case 'none':
      return;
    case 'key':
      if (identity.kind !== 'key') {
        const message = `This route acts for a tenant: call it with a tenant's API key that has the scope "${auth.scope}".`;
        throw new PermissionDeniedError(message);
      }
      if (!identity.scopes.includes(auth.scope)) {
        const message = `The API key lacks the scope "${auth.scope}". Ask the operator for a key that has it.`;
        throw new PermissionDeniedError(message);
      }
      return;
    case 'operator':
      if (identity.kind !== 'operator') {
        throw new PermissionDeniedError("Only the platform operator may do this: call it with the operator's key.");
      }
      return;
    default:
      if (identity.kind !== auth.kind) throw new PermissionDeniedError(`This route is for a ${auth.kind} only.`);
  }
}

/** The identity behind a route of `auth` kind `key`. @throws InternalError when admission let another one through */
export function requireKey(identity: Identity): KeyIdentity {
  if (identity.kind === 'key') return identity;
  throw new InternalError(`A route for keys was reached by an identity of kind ${identity.kind}.`);
}
