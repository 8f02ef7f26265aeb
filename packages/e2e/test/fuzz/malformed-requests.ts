import { gzipSync } from 'node:zlib';
import type { FuzzCase } from './fuzz-case.ts';

/** Decompressed size, larger than the public limit. */
const BOMB_BYTES = 24 * 1_048_576;
const BOMB = gzipSync(Buffer.alloc(BOMB_BYTES, 0x20));
const DEPTH = 100_000;

/** Creates requests that are invalid before a contract applies: bodies, content types, headers and paths. */
export function createMalformedRequests(base: FuzzCase, hasBody: boolean): readonly FuzzCase[] {
  const { params: _params, ...withoutContract } = base;
  return [
    ...(hasBody
      ? [...withMalformedBodies(withoutContract), ...withUnusualTypes(withoutContract)]
      : [withUnexpectedBody(base)]),
    ...withUnusualHeaders(base),
    ...withUnusualPaths(withoutContract),
    ...withMalformedCredentials(withoutContract),
  ];
}

function withMalformedBodies(base: FuzzCase): FuzzCase[] {
  const valid = String(base.body ?? '{}');
  const bodies: Readonly<Record<string, Buffer | string>> = {
    'no body': '',
    'an open brace': '{',
    'no JSON': 'undefined',
    'a trailing comma': valid.replace(/\}$/, ',}'),
    'single quotes': "{'name':'x'}",
    'a comment': `/* x */${valid}`,
    'a byte order mark': `\ufeff${valid}`,
    'UTF-16': Buffer.from(valid, 'utf16le'),
    'invalid UTF-8': Buffer.concat([
      Buffer.from('{"name":"'),
      Buffer.from([0xff, 0xc0, 0x80, 0xed, 0xa0, 0x80]),
      Buffer.from('"}'),
    ]),
    'duplicate keys': valid.replace(/^\{/, '{"name":"first","name":null,'),
    'a prototype': valid.replace(/^\{/, '{"__proto__":{"name":"x"},"constructor":{"prototype":{}},'),
    infinity: valid.replace(/^\{/, '{"unexpected":1e999,'),
    'lists in lists': `${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}`,
    'objects in objects': `${'{"a":'.repeat(DEPTH)}1${'}'.repeat(DEPTH)}`,
    zeros: Buffer.alloc(64),
    'two documents': `${valid}${valid}`,
    text: '"text"',
    number: '1',
  };
  return Object.entries(bodies).map(([name, body]) => ({ ...base, name: `body: ${name}`, body }));
}

function withUnusualTypes(base: FuzzCase): FuzzCase[] {
  const types = [
    'text/plain',
    'application/xml',
    'multipart/form-data',
    'application/json; charset=utf-16',
    ';;;',
    '*/*',
  ];
  const compressed = gzipSync(String(base.body ?? '{}'));
  const encoded = (name: string, encoding: string, body: Buffer | string): FuzzCase => ({
    ...base,
    name: `encoding: ${name}`,
    body,
    headers: { ...base.headers, 'content-encoding': encoding },
  });
  return [
    ...types.map((type) => ({ ...base, name: `type: ${type}`, headers: { ...base.headers, 'content-type': type } })),
    encoded('gzip', 'gzip', compressed),
    encoded('not gzip', 'gzip', 'plain'),
    encoded('cut gzip', 'gzip', compressed.subarray(0, 12)),
    encoded('bomb', 'gzip', BOMB),
    encoded('unknown', 'x-unknown', 'plain'),
    tooLarge(base),
  ];
}

/** Announces a body of which the rest is never sent. */
function tooLarge(base: FuzzCase): FuzzCase {
  const headers = { ...base.headers, 'content-length': '999999999999', connection: 'close' };
  return { ...base, name: 'too large', headers, body: '{' };
}

function withUnexpectedBody(base: FuzzCase): FuzzCase {
  return { ...base, name: 'an unexpected body', body: '{"unexpected":true}' };
}

/** Creates requests with unusual headers; their contract must still hold. */
function withUnusualHeaders(base: FuzzCase): FuzzCase[] {
  const headers: readonly (readonly [string, string])[] = [
    ['x-request-id', 'x'.repeat(3_000)],
    ['x-correlation-id', '../../\u00e9\u00ff{}'],
    ['traceparent', '00-zzzz-01'],
    ['tracestate', '=,,=='],
    ['baggage', `${'a=b,'.repeat(500)};;=`],
    ['x-aion-timeout-ms', '-5'],
    ['x-aion-timeout-ms', '1e99'],
    ['accept', 'image/png;q=broken'],
    ['accept-encoding', 'br;q=x, *;q=0'],
    ['accept-language', '\u00ff'],
    ['cookie', '=;=;;'],
    ['range', 'bytes=9-1,x-'],
    ['if-range', '"x'],
    ['if-none-match', '*, W/"'],
    ['if-modified-since', 'yesterday'],
    ['last-event-id', '-1\u00ff'],
    ['forwarded', 'for=";;'],
    ['x-forwarded-for', '999.1.1.1, ::z'],
    ['x-http-method-override', 'DELETE'],
    ['idempotency-key', ''],
    ['idempotency-key', 'with space \u00e9'],
    ['idempotency-key', 'k'.repeat(300)],
    ['if-match', '"x"'],
    ['if-match', 'W/"1", "2"'],
    ['if-match', '"99999999999999999999"'],
    ['if-match', '"999999999999999"'],
    ['x-aion-tenant', '\u00ff'],
    ['x-aion-tenant', '00000000-0000-0000-0000-000000000000'],
    ['x-aion-caller', 'e30'],
    ['x-aion-caller', '\u00ff'],
  ];
  return headers.map(([name, value]) => ({
    ...base,
    name: `header ${name}: ${value.slice(0, 20)}`,
    headers: { ...base.headers, [name]: value },
  }));
}

function withUnusualPaths(base: FuzzCase): FuzzCase[] {
  const [path = '', query = ''] = base.path.split('?');
  const paths = [
    `${path}/`,
    `${path}//`,
    `/${path}`,
    `${path}%00`,
    `${path}%ff`,
    `${path}/%2e%2e/%2e%2e`,
    path.toUpperCase(),
  ];
  const queries = ['%', '&&==', '%ff=%00', `${query}&__proto__[x]=1&constructor=1`, `a=${'b'.repeat(8_000)}`];
  return [
    ...paths.map((each) => ({ ...base, name: `path: ${each.slice(0, 60)}`, path: each })),
    ...queries.map((each) => ({ ...base, name: `query: ${each.slice(0, 30)}`, path: `${path}?${each}` })),
    ...['TRACE', 'PROPFIND', 'HEAD', 'OPTIONS'].map((method) => ({
      ...base,
      name: `method ${method}`,
      method,
      body: undefined,
    })),
  ];
}

/** Creates otherwise valid requests with malformed credentials. */
function withMalformedCredentials(base: FuzzCase): FuzzCase[] {
  if (base.headers['Authorization'] === undefined) return [];
  const values = [
    '',
    'Bearer',
    'Bearer x',
    'Basic dXNlcjpwYXNz',
    'Bearer \u00ff',
    `Bearer ${'x'.repeat(5_000)}`,
    'bearer\taion_sk_x',
  ];
  return values.map((value) => ({
    ...base,
    name: `authorization: ${value.slice(0, 20)}`,
    headers: { ...base.headers, Authorization: value },
    unauthorized: true,
  }));
}
