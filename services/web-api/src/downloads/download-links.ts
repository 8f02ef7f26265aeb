import { createHmac } from 'node:crypto';
import { PermissionDeniedError } from '@aion/errors';
import { isSameSecret } from '../keys/key-hash.ts';

/** What a link gives access to. */
export interface LinkTarget {
  /** Path of the route with its parameters filled in. */
  readonly pathname: string;
  readonly tenantId: string;
  /** The public part of the key for whose holder the link is made: when the key ends, so does the link. */
  readonly keyPrefix: string;
  /** Unix seconds. */
  readonly expires: number;
  /** The file of the bundle, for the route that serves one file. */
  readonly file?: string;
}

/** For whom a link was made. */
export type LinkHolder = Pick<LinkTarget, 'tenantId' | 'keyPrefix'>;

/** Makes and checks signed URLs. */
export interface DownloadLinks {
  /** The URL, relative to the platform's public address. */
  sign(target: LinkTarget): string;
  /**
   * For whom a request's link was made; whether that key still is one is for the caller to ask.
   * @throws PermissionDeniedError, the same whatever is wrong: a guesser learns nothing
   */
  verify(pathname: string, query: unknown): LinkHolder;
}

/** How long a link works (lifecycle, section 4, item 2). */
export const LINK_LIFETIME_SECONDS = 300;

/** What is said of a link that does not work, whatever is wrong with it. */
export const LINK_REFUSED = 'The link has expired or was changed; create a new one.';

/** Creates links that are signed with HMAC-SHA-256 (RFC 2104) over everything that they grant. */
export function createDownloadLinks(options: {
  readonly secret: string;
  /** Unix time in milliseconds. */
  readonly now?: () => number;
}): DownloadLinks {
  const { secret, now = Date.now } = options;
  // JSON keeps the parts apart: no two targets are signed as the same bytes. HEAD is answered as GET is.
  const signatureOf = ({ pathname, tenant, key, expires, file }: SignedParts): string =>
    createHmac('sha256', secret)
      .update(JSON.stringify(['aion-download-v2', 'GET', pathname, tenant, key, expires, file]))
      .digest('base64url');

  return {
    sign: ({ pathname, tenantId, keyPrefix, expires, file }) => {
      const parameters = { tenant: tenantId, key: keyPrefix, expires: String(expires) };
      const signature = signatureOf({ pathname, ...parameters, file: file ?? null });
      const path = file === undefined ? {} : { path: file };
      return `${pathname}?${new URLSearchParams({ ...parameters, ...path, signature }).toString()}`;
    },
    verify: (pathname, query) => {
      const { tenant, key, expires, path = null, signature } = fieldsOf(query);
      if (
        !isText(tenant) ||
        !isText(key) ||
        !isText(expires) ||
        !isText(signature) ||
        !(path === null || isText(path))
      ) {
        throw new PermissionDeniedError(LINK_REFUSED);
      }
      const isGenuine = isSameSecret(signature, signatureOf({ pathname, tenant, key, expires, file: path }));
      if (!isGenuine || now() >= Number(expires) * 1_000) throw new PermissionDeniedError(LINK_REFUSED);
      return { tenantId: tenant, keyPrefix: key };
    },
  };
}

/** Everything that a signature covers. */
interface SignedParts {
  readonly pathname: string;
  readonly tenant: string;
  readonly key: string;
  readonly expires: string;
  readonly file: string | null;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

/** The parameters of a query; one that was sent twice is a list, which no link has. */
function fieldsOf(
  query: unknown,
): Readonly<Partial<Record<'tenant' | 'key' | 'expires' | 'path' | 'signature', unknown>>> {
  return typeof query === 'object' && query !== null ? query : {};
}
