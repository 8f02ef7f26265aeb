import { redact, redactText } from './index.ts';

/** UUID with thirteen consecutive digits that pass the Luhn check. */
const ID = '01a22183-2382-7721-aa2d-2fa34c0133e3';

describe('redaction by pattern', () => {
  const pem = '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIPLANTED\n-----END PRIVATE KEY-----';
  const secrets: readonly (readonly [name: string, text: string, planted: string])[] = [
    ['AWS key', 'AKIAIOSFODNN7EXAMPLE', 'AKIAIOSFODNN7EXAMPLE'],
    ['GitHub token', 'ghp_abcdefghijklmnopqrstuvwxyz0123456789', 'abcdefghijklmnop'],
    ['GitHub fine-grained token', 'github_pat_11ABCDEFG0abcdefghijkl_mnop', '11ABCDEFG0'],
    ['PEM block', pem, 'PLANTED'],
    ['cut PEM block', pem.slice(0, 60), 'PLANTED'],
    ['PEM block in JSON', JSON.stringify({ pem }), 'PLANTED'],
    ['card after an id', `${ID}, 4111 1111 1111 1111`, '1111'],
    ['card before an id', `4111 1111 1111 1111, ${ID}`, '1111'],
    ['IBAN', 'GB82 WEST 1234 5698 7654 32', '5698'],
    ['password in text', 'host=db password=hunter2 user=aion', 'hunter2'],
    ['password in JSON', '{"password":"hunter2"}', 'hunter2'],
    ['basic authorization', 'Authorization: Basic YWlvbjpodW50ZXIy', 'YWlvbjpodW50ZXIy'],
    ['cookie header', 'cookie: session=abc123; other=def456', 'def456'],
    ['URL password with a slash', 'postgres://aion:hun/ter2@db.test/aion', 'ter2'],
    ['presigned URL', 'https://s3.test/a?X-Amz-Credential=AAA%2F1&X-Amz-Signature=deadbeef', 'deadbeef'],
    ['international e-mail', 'jané.doe@exämple.org', 'doe'],
  ];
  it.each(secrets)('removes a %s', (_name, text, planted) => {
    expect(redactText(`before ${text} after`)).not.toContain(planted);
    expect(JSON.stringify(redact({ list: [{ note: text }], error: new Error(text, { cause: text }) }))).not.toContain(
      planted,
    );
  });

  it.each([
    'GET http://127.0.0.1:8080/v1/models',
    'Basic settings and token budgets were read',
    'GB82 WEST 1234 5698 7654 33',
    'http://127.0.0.1:8080/packages/x@1',
    'at run (node_modules/jest-circus@30.5.2/node_modules/index.js:1:2)',
    'input_tokens=12 max_tokens: 400',
    '0af7651916cd43dd8448eb211c80319c',
    ID,
    `{"outbox_id":"${ID}","attempts":2}`,
  ])('does not change %p', (text) => expect(redactText(text)).toBe(text));

  it('recognises a secret across the length bound of a string', () => {
    expect(redactText(`${'x '.repeat(4_090)}jane.doe@example.org`)).not.toContain('jane');
  });

  it('removes line breaks, escape sequences and bidirectional controls', () => {
    expect(redactText('a\r\nb\u001b[2Jc\u009bd\u2028e\u202ef\u061cg\ufeffh\u0000')).toMatch(/^[a-h ]+$/);
  });
});

describe('redaction by class of data', () => {
  it('removes values of sensitive keys, ignoring case and separators', () => {
    const keys = {
      credential: ['dbPassword', 'X-Api-Key', 'client_secret', 'SET-COOKIE', 'refreshToken', 'key_hash', 'signing_key'],
      content: ['prompt', 'messages', 'tool_calls', 'rawBody', 'response'],
      personal: ['email', 'phone_number', 'X-Forwarded-For'],
      database: ['detail', 'where', 'internalQuery', 'internal_query', 'bindings'],
    };
    for (const [dataClass, names] of Object.entries(keys)) {
      for (const name of names) expect(redact({ [name]: ['v'] })).toEqual({ [name]: `[redacted:${dataClass}]` });
    }
  });

  it('does not change counts and names', () => {
    const fields = {
      input_tokens: 1,
      request_id: 'r',
      response_bytes: 2,
      model: 'm',
      key_id: 'k',
      path: '/v1',
      content_type: 'json',
      tokens: 3,
    };
    expect(redact(fields)).toEqual(fields);
  });

  it('covers maps, sets, headers, URLs and raw header lists', () => {
    const clean = redact({
      map: new Map<unknown, unknown>([
        ['password', 'planted'],
        ['a', new Set(['Bearer planted'])],
      ]),
      headers: new Headers({ authorization: 'planted', accept: 'json' }),
      raw: ['Authorization', 'planted', 'accept', 'json'],
      url: new URL('https://aion:planted@x.test/?token=planted'),
      query: new URLSearchParams({ signature: 'planted' }),
      boxed: new String('Bearer planted'),
    });
    expect(JSON.stringify(clean)).not.toContain('planted');
    expect(clean).toMatchObject({
      headers: { accept: 'json' },
      raw: ['Authorization', expect.anything(), 'accept', 'json'],
    });
  });
});

describe('redaction of errors', () => {
  it('covers causes, aggregated errors and own fields', () => {
    const fail = (): Error => Object.assign(new Error('password=planted'), { token: 'planted' });
    const error = new AggregateError([fail(), 'Bearer planted'], 'jane@planted.org', { cause: fail() });
    const clean = redact({ error });
    expect(JSON.stringify(clean)).not.toContain('planted');
    expect(clean).toMatchObject({ error: { name: 'AggregateError', errors: [{ name: 'Error' }, expect.any(String)] } });
  });

  it('removes values from PostgreSQL errors', () => {
    const error = Object.assign(new Error(`insert into t values ('planted') - invalid input syntax: "planted"`), {
      severity: 'ERROR',
      code: '22P02',
      detail: 'Key (a)=(planted)',
      where: 'COPY t, line 1: "planted"',
      internalQuery: "select 'planted'",
      constraint: 't_key',
    });
    const clean = redact({ error });
    expect(JSON.stringify(clean)).not.toContain('planted');
    expect(clean).toMatchObject({ error: { code: '22P02', constraint: 't_key' } });
  });

  it('removes bodies and headers from errors of an HTTP client', () => {
    const error = Object.assign(new Error('Response Error'), {
      code: 'UND_ERR_RESPONSE',
      statusCode: 401,
      headers: { 'set-cookie': 'planted' },
      body: { message: 'planted' },
    });
    expect(JSON.stringify(redact(error))).not.toContain('planted');
    expect(redact(error)).toMatchObject({ statusCode: 401 });
  });
});

describe('redaction of hostile values', () => {
  const fail = (): never => {
    throw new Error('trap');
  };
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();

  it.each<readonly [string, unknown]>([
    ['a getter that throws', Object.defineProperty({ a: 1 }, 'b', { enumerable: true, get: fail })],
    ['a proxy that throws', new Proxy({}, { ownKeys: fail, get: fail, getPrototypeOf: fail })],
    ['a revoked proxy', revoked.proxy],
    ['toJSON that throws', { toJSON: fail, a: 1 }],
    [
      'an error without readable fields',
      Object.defineProperties(new Error('x'), { message: { get: fail }, stack: { get: fail }, cause: { get: fail } }),
    ],
    ['an iterator that throws', Object.assign(new Map(), { [Symbol.iterator]: fail })],
    ['an error whose name is an object', Object.assign(new Error('x'), { name: { toString: 1 } })],
    ['no prototype', Object.create(null)],
    ['an invalid date', new Date(Number.NaN)],
    ['a symbol', Symbol('s')],
  ])('tolerates %s, and keeps the other fields', (_name, value) => {
    const clean = redact({ value, other: 1 });
    expect(JSON.parse(JSON.stringify(clean))).toMatchObject({ other: 1 });
  });

  it('keeps a __proto__ key without changing a prototype', () => {
    const clean = redact(JSON.parse('{"__proto__":{"polluted":true}}')) as Record<string, unknown>;
    expect(JSON.stringify(clean)).toContain('polluted');
    expect(clean['polluted']).toBeUndefined();
  });

  it('bounds depth, width and length', () => {
    let deep: unknown = 'end';
    for (let i = 0; i < 10_000; i += 1) deep = { deep };
    const wide = Array.from({ length: 300 }, () => Array.from({ length: 300 }, () => 'x'.repeat(300)));
    const line = JSON.stringify(redact({ deep, wide, text: 'y'.repeat(1e6), map: new Map(Object.entries(wide)) }));
    expect(line.length).toBeLessThan(80_000);
  });
});
