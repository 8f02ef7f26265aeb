import { createHash } from 'node:crypto';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { inflateSync } from 'node:zlib';
import * as cctv from 'cctv-age';
import { AgeError } from './age-error.ts';
import { createAgeDecryptStream } from './create-age-decrypt-stream.ts';

interface Vector {
  readonly name: string;
  readonly fields: ReadonlyMap<string, string[]>;
  readonly file: Buffer;
}

function parseVector(name: string, data: Uint8Array): Vector {
  const bytes = Buffer.from(data);
  const split = bytes.indexOf('\n\n');
  const fields = new Map<string, string[]>();
  for (const line of bytes.toString('utf8', 0, split).split('\n')) {
    const [key = '', value = ''] = line.split(': ');
    fields.set(key, [...(fields.get(key) ?? []), value]);
  }
  const body = bytes.subarray(split + 2);
  return { name, fields, file: fields.has('compressed') ? inflateSync(body) : body };
}

/** Returns true for vectors of features that this package does not have: armor, passphrases, post-quantum recipients. */
function isUnsupported({ fields }: Vector): boolean {
  const identities = fields.get('identity') ?? [];
  return fields.has('armored') || fields.has('passphrase') || identities.some((text) => text.includes('-PQ-'));
}

const EXPECTED_CODES = new Map([
  ['success', undefined],
  ['no match', 'AGE_NO_MATCH'],
  ['HMAC failure', 'AGE_HMAC_INVALID'],
  ['header failure', 'AGE_HEADER_INVALID'],
  ['payload failure', 'AGE_PAYLOAD_INVALID'],
]);

/** Decrypts the file in pieces of `pieceBytes`; returns the hash of all bytes released before the end or the failure. */
async function decrypt(file: Buffer, identity: string, pieceBytes: number): Promise<{ sha256: string; code: unknown }> {
  const stream = createAgeDecryptStream(identity);
  const hash = createHash('sha256');
  const push = stream.push.bind(stream);
  stream.push = (chunk: Buffer | null) => {
    if (chunk !== null) hash.update(chunk);
    return push(chunk);
  };
  const pieces = Array.from({ length: Math.ceil(file.length / pieceBytes) }, (_, index) =>
    file.subarray(index * pieceBytes, (index + 1) * pieceBytes),
  );
  try {
    await pipeline(pieces, stream, new Writable({ write: (_chunk, _encoding, done) => done() }));
  } catch (error) {
    if (!(error instanceof AgeError)) throw error;
    return { sha256: hash.digest('hex'), code: error.code };
  }
  return { sha256: hash.digest('hex'), code: undefined };
}

const vectors = Object.entries(cctv)
  .map(([name, data]) => parseVector(name, data))
  .filter((vector) => !isUnsupported(vector));

describe('C2SP CCTV age vectors', () => {
  it('include every X25519, stream, stanza, header and HMAC vector', () => {
    expect(vectors.map(({ name }) => name.split('_')[0]).filter((kind) => kind === 'x25519')).toHaveLength(14);
    expect(vectors.map(({ name }) => name.split('_')[0]).filter((kind) => kind === 'stream')).toHaveLength(28);
    expect(vectors).toHaveLength(67);
  });

  it.each(vectors.map((vector) => [vector.name, vector] as const))(
    'yield the expected result for %s',
    async (_name, { fields, file }) => {
      const identity = (fields.get('identity') ?? [generated]).join('\n');
      const expected = fields.get('expect')?.[0] ?? '';
      for (const pieceBytes of file.length < 10_000 ? [1, 61, 1 << 20] : [65_551, 65_552, 1 << 24]) {
        const { sha256, code } = await decrypt(file, identity, pieceBytes);
        expect(code).toBe(EXPECTED_CODES.get(expected));
        const payload = fields.get('payload')?.[0];
        if (payload !== undefined) expect(sha256).toBe(payload);
      }
    },
  );
});

/** Any key, for the only vector without an identity. */
const generated = 'AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0';
