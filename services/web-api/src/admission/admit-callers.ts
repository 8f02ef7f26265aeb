import { type Route, routes } from '@aion/contracts';
import { PermissionDeniedError, toAionError } from '@aion/errors';
import { bearerOf, correlationIdOf, type Admit, type Identity } from '@aion/http';
import { runWithIds } from '@aion/tracing';
import type { Link } from '@opentelemetry/api';
import type { Request } from 'express';
import { LINK_REFUSED, type DownloadLinks } from '../downloads/download-links.ts';
import type { KeyAuthenticator } from '../keys/key-authenticator.ts';
import { authorise } from './authorise.ts';
import { nameTenant } from './name-tenant.ts';
import { callerContext, linksTo, tracePolicy } from './trace-policy.ts';

/** What admission works with. */
export interface AdmissionOptions {
  readonly authenticator: KeyAuthenticator;
  readonly downloadLinks: DownloadLinks;
}

/** Admits the public: proves who calls, checks what it may, and settles which trace and correlation id it gets. */
export function admitCallers(options: AdmissionOptions): Admit {
  const identify = (route: Route | undefined, req: Request, links: Link[]): Identity | Promise<Identity> => {
    switch (route?.auth.kind) {
      case 'key':
      case 'tenant':
      case 'operator':
      case 'init':
        return options.authenticator.authenticate(bearerOf(req.headers), links);
      case 'signed-url':
        return identifyLink(options, req, links);
      default:
        return { kind: 'anonymous' };
    }
  };

  return async (route, req) => {
    const correlationId = correlationIdOf(req);
    const caller = callerContext(req.headers);
    let identity: Identity = { kind: 'anonymous' };
    try {
      identity = await runWithIds({ correlationId }, () => identify(route, req, linksTo(caller)));
      if (route !== undefined) {
        authorise(route, identity);
        identity = nameTenant(identity, req.headers);
      }
      return { ...tracePolicy(identity, caller), identity, correlationId };
    } catch (refusal) {
      return { ...tracePolicy(identity, caller), identity, correlationId, refusal };
    }
  };
}

/**
 * For whom a signed URL speaks. It ends with the key that has made it: when that is revoked or expires, when its person
 * leaves the tenant or may not read exports any more, and when the tenant is closed.
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
  throw new PermissionDeniedError(LINK_REFUSED);
}
