import { InvalidRequestError } from '@aion/errors';
import type { IncomingHttpHeaders } from 'node:http';

/**
 * The media type of an upload, as the sender calls it.
 * @throws InvalidRequestError for one that is not printable or too long, and for a body that is encoded
 */
export function contentTypeOf(headers: IncomingHttpHeaders): string {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new InvalidRequestError(`The body is encoded as ${encoding}: send the bytes of the file as they are.`, {
      param: 'Content-Encoding',
    });
  }
  const type = headers['content-type'] ?? 'application/octet-stream';
  if (/^[ -~]{1,255}$/.test(type)) return type;
  throw new InvalidRequestError('The header Content-Type must be 1 to 255 printable ASCII characters.', {
    param: 'Content-Type',
  });
}

/**
 * The SHA-256 that the sender says the body has, in hex: the member `sha-256` of `Content-Digest` (RFC 9530). Undefined
 * without the header.
 * @throws InvalidRequestError for a header that names none: nothing could be compared with it
 */
export function expectedDigestOf(headers: IncomingHttpHeaders): string | undefined {
  const header = headers['content-digest'];
  if (header === undefined) return undefined;
  const [, digest] = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):\s*(?:,|$)/.exec(String(header)) ?? [];
  if (digest !== undefined) return Buffer.from(digest, 'base64').toString('hex');
  throw new InvalidRequestError('The header Content-Digest has no sha-256, such as sha-256=:<base64>:.', {
    param: 'Content-Digest',
  });
}
