import { createHmac } from 'node:crypto';
import { PermissionDeniedError } from '@aion/errors';
import { isSameSecret } from '../keys/is-same-secret.ts';

/** Everything that a link grants. */
export interface LinkTarget {
  /** Path of the route with its parameters filled in. */
  readonly pathname: string;
  readonly tenantId: string;
  /** The public part of the key that created the link; the link ends with the key. */
  readonly keyPrefix: string;
  /** Expiry in Unix seconds. */
  readonly expires: number;
  /** The file of the bundle, for the route that serves one file. */
  readonly file?: string;
}

/** Tenant and key that a link was created with. */
export type LinkHolder = Pick<LinkTarget, 'tenantId' | 'keyPrefix'>;

/** Signer and verifier of download URLs. */
export interface DownloadLinks {
  /** Signs a URL, relative to the public address of the platform. */
  sign(target: LinkTarget): string;
  /**
   * Verifies the link of a request. The caller must check whether its key is still valid.
   * @throws PermissionDeniedError with the same message for every reason, so that guessing reveals nothing
   */
  verify(pathname: string, query: unknown): LinkHolder;
}

/** Lifetime of a link. */
export const LINK_LIFETIME_SECONDS = 300;

/** Message for every link that is rejected, whatever the reason. */
export const LINK_REJECTED = 'The link has expired or was changed; create a new one.';

/** Creates a signer of links, with HMAC-SHA-256 (RFC 2104) over everything that a link grants. */
export function createDownloadLinks(options: {
  readonly secret: string;
  /** Unix time in milliseconds. */
  readonly now?: () => number;
}): DownloadLinks {
  const { secret, now = Date.now } = options;
  // JSON separates the parts: no two targets are signed as the same bytes. HEAD uses the signature of GET.
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
        throw new PermissionDeniedError(LINK_REJECTED);
      }
      const isGenuine = isSameSecret(signature, signatureOf({ pathname, tenant, key, expires, file: path }));
      if (!isGenuine || now() >= Number(expires) * 1_000) throw new PermissionDeniedError(LINK_REJECTED);
      return { tenantId: tenant, keyPrefix: key };
    },
  };
}

/** Parameters that a signature covers. */
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

/** Returns the parameters of a query; a repeated parameter is an array, which no link contains. */
function fieldsOf(
  query: unknown,
): Readonly<Partial<Record<'tenant' | 'key' | 'expires' | 'path' | 'signature', unknown>>> {
  return typeof query === 'object' && query !== null ? query : {};
}
