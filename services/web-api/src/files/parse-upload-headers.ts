import { InvalidRequestError } from '@aion/errors';
import type { IncomingHttpHeaders } from 'node:http';

/** Properties of an upload that its headers declare. */
export interface UploadHeaders {
  /** Media type, `application/octet-stream` without the header. */
  readonly contentType: string;
  /** SHA-256 of the body in hex; undefined without the header `Content-Digest`. */
  readonly expectedSha256: string | undefined;
}

/**
 * Parses the headers of an upload.
 * @throws InvalidRequestError for an encoded body, for a media type that is not printable or too long, and for a
 *   `Content-Digest` without a SHA-256, which could not be verified
 */
export function parseUploadHeaders(headers: IncomingHttpHeaders): UploadHeaders {
  return { contentType: parseContentType(headers), expectedSha256: parseContentDigest(headers) };
}

function parseContentType(headers: IncomingHttpHeaders): string {
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

/** Parses the member `sha-256` of `Content-Digest` (RFC 9530). */
function parseContentDigest(headers: IncomingHttpHeaders): string | undefined {
  const header = headers['content-digest'];
  if (header === undefined) return undefined;
  const [, digest] = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):\s*(?:,|$)/.exec(String(header)) ?? [];
  if (digest !== undefined) return Buffer.from(digest, 'base64').toString('hex');
  throw new InvalidRequestError('The header Content-Digest has no sha-256: send it as sha-256=:<base64>:.', {
    param: 'Content-Digest',
  });
}
