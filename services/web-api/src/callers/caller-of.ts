import { createHash } from 'node:crypto';
import { NIL_ACTOR_ID, takesIdempotencyKey, type Caller, type Route } from '@aion/contracts';
import { InternalError, InvalidRequestError, NotFoundError, PreconditionFailedError } from '@aion/errors';
import type { Identity } from '@aion/http';
import type { IncomingHttpHeaders } from 'node:http';
import { TENANT_HEADER } from './resolve-tenant.ts';

/** A request of the management API. */
export interface ManagementRequest {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly headers: IncomingHttpHeaders;
  readonly identity: Identity;
}

/**
 * Determines the caller of a request, for the internal routes that it calls.
 * @throws NotFoundError when the path of a request with a tenant's key names another tenant; InvalidRequestError when an
 *   operator names no tenant or two different ones, or a header is malformed
 */
export function callerOf(route: Route, request: ManagementRequest): Caller {
  const { identity, headers } = request;
  return {
    ...actorOf(identity),
    tenant_id: tenantOf(route, request),
    ...(takesIdempotencyKey(route) ? idempotencyOf(route, request) : {}),
    ...(route.conditional === true ? conditionOf(headers) : {}),
  };
}

function actorOf(identity: Identity): Pick<Caller, 'actor' | 'actor_id' | 'person_id' | 'scopes'> {
  switch (identity.kind) {
    case 'key':
      return {
        actor: `api_key:${identity.keyId}`,
        actor_id: identity.keyId,
        person_id: identity.userId ?? null,
        scopes: [...identity.scopes],
      };
    case 'operator': {
      const { operatorId } = identity;
      return { actor: `operator:${operatorId}`, actor_id: operatorId, person_id: operatorId, scopes: null };
    }
    case 'init':
      return { actor: 'init', actor_id: NIL_ACTOR_ID, person_id: null, scopes: null };
    case 'signed-url':
      return { actor: `signed-url:${identity.keyId}`, actor_id: identity.keyId, person_id: null, scopes: [] };
    default:
      throw new InternalError(`A route of the management API was reached by an identity of kind ${identity.kind}.`);
  }
}

function tenantOf({ auth }: Route, { params, identity }: ManagementRequest): string | null {
  const inPath = tenantInPath(params);
  if (identity.kind === 'key') {
    if (inPath === undefined || inPath === identity.tenantId) return identity.tenantId;
    throw new NotFoundError(`There is no tenant ${inPath}.`, { param: 'tenant_id' });
  }
  if (identity.kind === 'signed-url') return identity.tenantId;
  const inHeader = identity.kind === 'operator' ? identity.tenantId : undefined;
  if (inPath !== undefined && inHeader !== undefined && inPath !== inHeader) {
    const message = `The path names the tenant ${inPath}, and the header ${TENANT_HEADER} another one: omit the header.`;
    throw new InvalidRequestError(message, { param: TENANT_HEADER });
  }
  const named = inPath ?? inHeader;
  if (named !== undefined) return named;
  if (auth.kind !== 'tenant' || auth.orPlatform === true) return null;
  throw new InvalidRequestError(`The operator must name the tenant to act for, in the header ${TENANT_HEADER}.`, {
    param: TENANT_HEADER,
  });
}

function tenantInPath(params: unknown): string | undefined {
  const isNamed = typeof params === 'object' && params !== null && 'tenant_id' in params;
  return isNamed && typeof params.tenant_id === 'string' ? params.tenant_id.toLowerCase() : undefined;
}

function idempotencyOf(route: Route, { params, query, body, headers }: ManagementRequest): Pick<Caller, 'idempotency'> {
  const key = headers['idempotency-key'];
  if (key === undefined) return {};
  if (typeof key !== 'string' || !/^[!-~]{1,255}$/.test(key)) {
    const message = 'The header Idempotency-Key must be 1 to 255 printable ASCII characters without spaces.';
    throw new InvalidRequestError(message, { param: 'Idempotency-Key' });
  }
  // The validated values, not the bytes: white space and the order of fields make no difference.
  const request = JSON.stringify([route.name, params ?? null, query ?? null, body ?? null]);
  return { idempotency: { key, request_sha256: createHash('sha256').update(request).digest('hex') } };
}

function conditionOf(headers: IncomingHttpHeaders): Pick<Caller, 'if_match'> {
  const header = headers['if-match'];
  if (header === undefined || header === '*') return {};
  const [, version] = /^"(\d{1,15})"$/.exec(header) ?? [];
  if (version !== undefined) return { if_match: Number(version) };
  const message = `The header If-Match is ${header}, which is no ETag of this API: send an ETag as it was received.`;
  // An entity tag of another form is valid, and matches nothing (RFC 9110, 13.1.1).
  if (/^(W\/)?"[!#-~]*"$/.test(header)) throw new PreconditionFailedError(message, { param: 'If-Match' });
  throw new InvalidRequestError(message, { param: 'If-Match' });
}
