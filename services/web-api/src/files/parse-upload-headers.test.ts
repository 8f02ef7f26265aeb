import { createHash } from 'node:crypto';
import { InvalidRequestError } from '@aion/errors';
import { parseUploadHeaders } from './parse-upload-headers.ts';

const digest = createHash('sha256').update('aion');
const [hex, base64] = [digest.copy().digest('hex'), digest.copy().digest('base64')];

describe('parseUploadHeaders', () => {
  it('returns the content type, application/octet-stream by default', () => {
    const contentTypeOf = (headers: Record<string, string>) => parseUploadHeaders(headers).contentType;
    expect(contentTypeOf({ 'content-type': 'text/plain; charset=utf-8' })).toBe('text/plain; charset=utf-8');
    expect(contentTypeOf({ 'content-encoding': 'identity' })).toBe('application/octet-stream');
  });

  it.each([{ 'content-encoding': 'gzip' }, { 'content-type': 'x'.repeat(256) }, { 'content-type': 'te\u00fct' }])(
    'rejects the headers %j',
    (headers) => {
      expect(() => parseUploadHeaders(headers)).toThrow(InvalidRequestError);
    },
  );

  it.each([`sha-256=:${base64}:`, `sha-512=:AAAA:, sha-256=:${base64}:`, `sha-256=:${base64}: , unixsum=:AAA=:`])(
    'returns the SHA-256 in hex of the Content-Digest %s',
    (header) => {
      expect(parseUploadHeaders({ 'content-digest': header }).expectedSha256).toBe(hex);
    },
  );

  it('returns no SHA-256 without a Content-Digest', () => {
    expect(parseUploadHeaders({}).expectedSha256).toBeUndefined();
  });

  it.each(['', 'sha-512=:AAAA:', `sha-256=${base64}`, 'sha-256=:AAAA:', `xsha-256=:${base64}:`])(
    'rejects the Content-Digest %j',
    (header) => {
      expect(() => parseUploadHeaders({ 'content-digest': header })).toThrow(InvalidRequestError);
    },
  );
});
