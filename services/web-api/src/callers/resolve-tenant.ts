import { InvalidRequestError, PermissionDeniedError } from '@aion/errors';
import type { Identity } from '@aion/http';
import type { IncomingHttpHeaders } from 'node:http';
import { validate as isUuid } from 'uuid';

/** Header in which an operator names the tenant to act for. */
export const TENANT_HEADER = 'x-aion-tenant';

/**
 * Adds the tenant that an operator has named to the identity. A key acts for its own tenant.
 * @throws InvalidRequestError when the header is not one id; PermissionDeniedError when a key names another tenant
 */
export function resolveTenant(identity: Identity, headers: IncomingHttpHeaders): Identity {
  const named = headers[TENANT_HEADER];
  if (named === undefined || (identity.kind !== 'operator' && identity.kind !== 'key')) return identity;
  if (typeof named !== 'string' || !isUuid(named)) {
    throw new InvalidRequestError(`The header ${TENANT_HEADER} must be the id of one tenant.`, {
      param: TENANT_HEADER,
    });
  }
  const tenantId = named.toLowerCase();
  if (identity.kind === 'operator') return { ...identity, tenantId };
  if (identity.tenantId === tenantId) return identity;
  throw new PermissionDeniedError(`An API key acts for its own tenant: omit the header ${TENANT_HEADER}.`);
}
