import { InvalidRequestError, PermissionDeniedError } from '@aion/errors';
import type { Identity } from '@aion/http';
import type { IncomingHttpHeaders } from 'node:http';
import { validate as isUuid } from 'uuid';

/** The header in which the operator names the tenant to act for. */
export const TENANT_HEADER = 'x-aion-tenant';

/**
 * The identity with the tenant that the operator has named. A key acts for its own tenant.
 * @throws InvalidRequestError for what is no id; PermissionDeniedError for a key that names another tenant
 */
export function nameTenant(identity: Identity, headers: IncomingHttpHeaders): Identity {
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
  throw new PermissionDeniedError(`An API key acts for its own tenant: leave the header ${TENANT_HEADER} out.`);
}
