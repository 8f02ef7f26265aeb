import { createHmac } from 'node:crypto';
import { PermissionDeniedError } from '@aion/errors';
import type { Identity } from '@aion/http';
import { isSameSecret } from '../keys/key-hash.ts';

/** What a link gives access to. */
export interface LinkTarget {
  /** Path of the route with its parameters filled in. */
  readonly pathname: string;
  readonly tenantId: string;
  /** Unix seconds. */
  readonly expires: number;
  /** The file of the bundle, for the route that serves one file. */
  readonly file?: string;
}

/** Makes and checks signed URLs. */
export interface DownloadLinks {
  /** The URL, relative to the platform's public address. */
  sign(target: LinkTarget): string;
  /**
   * Who a request's link speaks for.
   * @throws PermissionDeniedError, the same whatever is wrong: a guesser learns nothing
   */
  verify(pathname: string, query: unknown): Extract<Identity, { readonly kind: 'signed-url' }>;
}

/** How long a link works (lifecycle, section 4, item 2). */
export const LINK_LIFETIME_SECONDS = 300;

const REFUSED = 'The link has expired or was changed; create a new one.';

/** Creates links that are signed with HMAC-SHA-256 (RFC 2104) over everything that they grant. */
export function createDownloadLinks(options: {
  readonly secret: string;
  /** Unix time in milliseconds. */
  readonly now?: () => number;
}): DownloadLinks {
  const { secret, now = Date.now } = options;
  // JSON keeps the parts apart: no two targets are signed as the same bytes. HEAD is answered as GET is.
  const signatureOf = (pathname: string, tenant: string, expires: string, file: string | null): string =>
    createHmac('sha256', secret)
      .update(JSON.stringify(['aion-download-v1', 'GET', pathname, tenant, expires, file]))
      .digest('base64url');

  return {
    sign: ({ pathname, tenantId, expires, file }) => {
      const signature = signatureOf(pathname, tenantId, String(expires), file ?? null);
      const parameters = { tenant: tenantId, expires: String(expires), ...(file === undefined ? {} : { path: file }) };
      return `${pathname}?${new URLSearchParams({ ...parameters, signature }).toString()}`;
    },
    verify: (pathname, query) => {
      const { tenant, expires, path = null, signature } = fieldsOf(query);
      const isComplete = typeof tenant === 'string' && typeof expires === 'string' && typeof signature === 'string';
      if (!isComplete || (path !== null && typeof path !== 'string')) throw new PermissionDeniedError(REFUSED);
      const isGenuine = isSameSecret(signature, signatureOf(pathname, tenant, expires, path));
      if (!isGenuine || now() >= Number(expires) * 1_000) throw new PermissionDeniedError(REFUSED);
      return { kind: 'signed-url', tenantId: tenant };
    },
  };
}

/** The parameters of a query; one that was sent twice is a list, which no link has. */
function fieldsOf(query: unknown): Readonly<Partial<Record<'tenant' | 'expires' | 'path' | 'signature', unknown>>> {
  return typeof query === 'object' && query !== null ? query : {};
}
