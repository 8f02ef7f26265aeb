import { createHash } from 'node:crypto';
import { InvalidRequestError } from '@aion/errors';
import { contentTypeOf, expectedDigestOf } from './upload-headers.ts';

const digest = createHash('sha256').update('aion');
const [hex, base64] = [digest.copy().digest('hex'), digest.copy().digest('base64')];

describe('the headers of an upload', () => {
  it('tell its type, or leave it open', () => {
    expect(contentTypeOf({ 'content-type': 'text/plain; charset=utf-8' })).toBe('text/plain; charset=utf-8');
    expect(contentTypeOf({ 'content-encoding': 'identity' })).toBe('application/octet-stream');
  });

  it.each([{ 'content-encoding': 'gzip' }, { 'content-type': 'x'.repeat(256) }, { 'content-type': 'te\u00fct' }])(
    'are refused as %j',
    (headers) => {
      expect(() => contentTypeOf(headers)).toThrow(InvalidRequestError);
    },
  );

  it.each([`sha-256=:${base64}:`, `sha-512=:AAAA:, sha-256=:${base64}:`, `sha-256=:${base64}: , unixsum=:AAA=:`])(
    'tell its digest as %s',
    (header) => {
      expect(expectedDigestOf({ 'content-digest': header })).toBe(hex);
    },
  );

  it('tell no digest when they have none', () => {
    expect(expectedDigestOf({})).toBeUndefined();
  });

  it.each(['', 'sha-512=:AAAA:', `sha-256=${base64}`, 'sha-256=:AAAA:', `xsha-256=:${base64}:`])(
    'are refused with the digest %j',
    (header) => {
      expect(() => expectedDigestOf({ 'content-digest': header })).toThrow(InvalidRequestError);
    },
  );
});
