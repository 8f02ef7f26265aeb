import { CALLER_HEADER, callerSchema, type Caller } from '@aion/contracts';
import { InvalidRequestError } from '@aion/errors';
import type { IncomingHttpHeaders } from 'node:http';
import type { Identity } from './identity.ts';

/** Caller that acts for a tenant, not for the platform. */
export type TenantCaller = Caller & { readonly tenant_id: string };

/** Encodes a caller as the header `CALLER_HEADER`. */
export function toCallerHeader(caller: Caller): Record<string, string> {
  return { [CALLER_HEADER]: Buffer.from(JSON.stringify(caller)).toString('base64url') };
}

/**
 * Parses the header `CALLER_HEADER` of a request between services.
 * @returns undefined without the header
 * @throws InvalidRequestError when the header does not contain a caller
 */
export function parseCallerHeader(headers: IncomingHttpHeaders): Caller | undefined {
  const header = headers[CALLER_HEADER];
  if (header === undefined) return undefined;
  const parsed = callerSchema.safeParse(decode(String(header)));
  if (parsed.success) return parsed.data;
  throw new InvalidRequestError(`The header ${CALLER_HEADER} does not contain a caller.`, { cause: parsed.error });
}

/**
 * Returns the caller of an internal route.
 * @throws InvalidRequestError when the calling service sent none
 */
export function requireCaller(identity: Identity): Caller {
  const caller = identity.kind === 'service' ? identity.caller : undefined;
  if (caller === undefined) throw new InvalidRequestError(`The header ${CALLER_HEADER} is missing: send the caller.`);
  return caller;
}

/**
 * Returns the caller of an internal route that acts for a tenant.
 * @throws InvalidRequestError when the calling service sent no caller, or one that names no tenant
 */
export function requireTenantCaller(identity: Identity): TenantCaller {
  const caller = requireCaller(identity);
  const { tenant_id: tenantId } = caller;
  if (tenantId === null) throw new InvalidRequestError(`The caller in the header ${CALLER_HEADER} must name a tenant.`);
  return { ...caller, tenant_id: tenantId };
}

function decode(header: string): unknown {
  try {
    return JSON.parse(Buffer.from(header, 'base64url').toString());
  } catch (error) {
    throw new InvalidRequestError(`The header ${CALLER_HEADER} is not base64url of JSON.`, { cause: error });
  }
}
