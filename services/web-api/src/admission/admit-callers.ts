import { type Route, routes } from '@aion/contracts';
import { PermissionDeniedError, toAionError } from '@aion/errors';
import { parseBearerToken, readCorrelationId, type Admit, type Identity } from '@aion/http';
import { runWithIds } from '@aion/tracing';
import type { Link } from '@opentelemetry/api';
import type { Request } from 'express';
import { LINK_REJECTED, type DownloadLinks } from '../downloads/download-links.ts';
import type { KeyAuthenticator } from '../keys/key-authenticator.ts';
import { authorise } from '../callers/authorise.ts';
import { resolveTenant } from '../callers/resolve-tenant.ts';
import { parseCallerContext, createLinks, decideTracePolicy } from './trace-policy.ts';

/** Options of `admitCallers`. */
export interface AdmissionOptions {
  readonly authenticator: KeyAuthenticator;
  readonly downloadLinks: DownloadLinks;
}

/** Creates the admission of the public port: authenticates, authorises, and chooses the trace and correlation id. */
export function admitCallers(options: AdmissionOptions): Admit {
  const identify = (route: Route | undefined, req: Request, links: Link[]): Identity | Promise<Identity> => {
    switch (route?.auth.kind) {
      case 'key':
      case 'tenant':
      case 'operator':
      case 'init':
        return options.authenticator.authenticate(parseBearerToken(req.headers), links);
      case 'signed-url':
        return identifyLink(options, req, links);
      default:
        return { kind: 'anonymous' };
    }
  };

  return async (route, req) => {
    const correlationId = readCorrelationId(req);
    const callerContext = parseCallerContext(req.headers);
    let identity: Identity = { kind: 'anonymous' };
    try {
      identity = await runWithIds({ correlationId }, () => identify(route, req, createLinks(callerContext)));
      if (route !== undefined) {
        authorise(route, identity);
        identity = resolveTenant(identity, req.headers);
      }
      return { ...decideTracePolicy(identity, callerContext), identity, correlationId };
    } catch (refusal) {
      return { ...decideTracePolicy(identity, callerContext), identity, correlationId, refusal };
    }
  };
}

/**
 * Determines the identity behind a signed URL. The URL ends with the key that created it: when the key is revoked or
 * expires, when its user leaves the tenant or may no longer read exports, and when the tenant is closed.
 */
async function identifyLink(options: AdmissionOptions, req: Request, links: Link[]): Promise<Identity> {
  const { tenantId, keyPrefix } = options.downloadLinks.verify(req.path, req.query);
  try {
    const holder = await options.authenticator.identify(keyPrefix, links);
    authorise(routes.exports.createDownloadLinks, holder);
    if (holder.tenantId === tenantId) return { kind: 'signed-url', tenantId, keyId: holder.keyId };
  } catch (error) {
    if (toAionError(error).status >= 500) throw error;
  }
  throw new PermissionDeniedError(LINK_REJECTED);
}
