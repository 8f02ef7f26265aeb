import type { Route } from '@aion/contracts';
import { bearerOf, correlationIdOf, type Admit, type Identity } from '@aion/http';
import { runWithIds } from '@aion/tracing';
import type { Link } from '@opentelemetry/api';
import type { Request } from 'express';
import type { DownloadLinks } from '../downloads/download-links.ts';
import type { KeyAuthenticator } from '../keys/key-authenticator.ts';
import { authorise } from './authorise.ts';
import { nameTenant } from './name-tenant.ts';
import { callerContext, linksTo, tracePolicy } from './trace-policy.ts';

/** Admits the public: proves who calls, checks what it may, and settles which trace and correlation id it gets. */
export function admitCallers(options: {
  readonly authenticator: KeyAuthenticator;
  readonly downloadLinks: DownloadLinks;
}): Admit {
  const identify = (route: Route | undefined, req: Request, links: Link[]): Identity | Promise<Identity> => {
    switch (route?.auth.kind) {
      case 'key':
      case 'tenant':
      case 'operator':
      case 'init':
        return options.authenticator.authenticate(bearerOf(req.headers), links);
      case 'signed-url':
        return options.downloadLinks.verify(req.path, req.query);
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
