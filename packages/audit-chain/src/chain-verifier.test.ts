import { createHash, createPublicKey, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import {
  ChainVerifier,
  checkpointKeyId,
  computeCommitment,
  ERASED_CONTENT,
  formatChainHead,
  GENESIS_HASH,
  hashEvent,
  InvalidAuditRowError,
  parseAuditRow,
  parseChainHead,
  parseCheckpointRow,
  signCheckpoint,
  toCanonicalJson,
  type AuditRow,
  type ChainReport,
  type ChainVerifierOptions,
  type CheckpointRow,
} from './index.ts';

const TENANT = '0198c0de-0000-7000-8000-000000000001';
const { privateKey } = generateKeyPairSync('ed25519');
const publicKey = createPublicKey(privateKey);

/** Creates a chain by the rules of the database. */
function createChain(length: number, from: readonly AuditRow[] = []): AuditRow[] {
  const chain = [...from];
  while (chain.length < length) {
    const salt = randomBytes(32);
    const content = {
      actor: `api_key:${randomUUID()}`,
      target_id: randomUUID(),
      target_path: null,
      request_id: 'r-1',
      correlation_id: null,
      trace_id: null,
    };
    const permanent = {
      id: randomUUID(),
      tenant_id: TENANT,
      seq: chain.length + 1,
      prev_hash: chain.at(-1)?.hash ?? GENESIS_HASH,
      commitment: computeCommitment(content, salt),
      action: 'export.requested',
      target_type: 'export',
      outcome: 'success',
      created_at: '2026-11-23T12:00:00.000000Z',
    };
    chain.push({ ...content, ...permanent, salt, hash: hashEvent(permanent) });
  }
  return chain;
}

function checkpointOf(row: AuditRow, key = privateKey): CheckpointRow {
  const head = { tenant_id: row.tenant_id, seq: row.seq, hash: row.hash };
  return { ...head, signature: signCheckpoint(head, key), key_id: checkpointKeyId(key) };
}

function verify(rows: readonly AuditRow[], checkpoints: readonly CheckpointRow[] = []): ChainReport {
  return verifyWith({}, rows, checkpoints);
}
/** Verifies events that are added before their checkpoints, as in an export. */
function verifyLate(rows: readonly AuditRow[], checkpoints: readonly CheckpointRow[]): ChainReport {
  const verifier = new ChainVerifier(TENANT, { signers: [publicKey] });
  for (const row of rows) verifier.addEvent(row);
  for (const checkpoint of checkpoints) verifier.addCheckpoint(checkpoint);
  return verifier.finish();
}
function verifyWith(
  options: Partial<ChainVerifierOptions>,
  rows: readonly AuditRow[],
  checkpoints: readonly CheckpointRow[] = [],
): ChainReport {
  const verifier = new ChainVerifier(TENANT, { signers: [publicKey], ...options });
  for (const checkpoint of checkpoints) verifier.addCheckpoint(checkpoint);
  for (const row of rows) verifier.addEvent(row);
  return verifier.finish();
}
const kinds = ({ problems }: ChainReport): string[] => [...new Set(problems.map(({ kind }) => kind))];
/** Recomputes the hash of a changed row, as an attacker who knows the algorithm does. */
const rehash = (row: AuditRow): AuditRow => ({ ...row, hash: hashEvent(row) });

const chain = createChain(20);
function at(seq: number): AuditRow {
  const row = chain[seq - 1];
  if (row === undefined) throw new Error(`There is no event ${seq}.`);
  return row;
}
const checkpoints = [checkpointOf(at(10)), checkpointOf(at(20))];
const replaced = (seq: number, by: Partial<AuditRow>): AuditRow[] =>
  chain.map((row) => (row.seq === seq ? { ...row, ...by } : row));

describe('ChainVerifier with an unmodified chain', () => {
  it('proves the chain up to its last checkpoint', () => {
    const report = verify(chain, checkpoints);
    expect(report).toMatchObject({
      ok: true,
      events: 20,
      erased: 0,
      provenSeq: 20,
      head: { seq: 20, hash: at(20).hash },
    });
    expect(verify(createChain(25, chain), checkpoints)).toMatchObject({ ok: true, events: 25, provenSeq: 20 });
  });

  it('accepts events in any order', () => {
    expect(verify(chain.toReversed(), checkpoints)).toMatchObject({ ok: true, provenSeq: 20 });
    expect(verifyLate(chain.toReversed(), checkpoints)).toMatchObject({ ok: true, provenSeq: 20 });
    expect(verifyWith({ isInOrder: true }, chain, checkpoints)).toMatchObject({ ok: true, provenSeq: 20 });
  });

  it('accepts events whose content was erased', () => {
    const erased = chain.map((row) => ([7, 9].includes(row.seq) ? { ...row, ...ERASED_CONTENT, salt: null } : row));
    for (const rows of [erased, erased.toReversed()]) {
      expect(verify(rows, checkpoints)).toMatchObject({ ok: true, erased: 2, firstErasedSeq: 7, provenSeq: 20 });
    }
  });

  it('continues from the end of an earlier verification', () => {
    const { tenant_id, seq, hash } = at(12);
    for (const isInOrder of [false, true]) {
      const report = verifyWith({ start: { tenant_id, seq, hash }, isInOrder }, chain.slice(12), checkpoints);
      expect(report).toMatchObject({ ok: true, events: 8, provenSeq: 20 });
    }
  });

  it('compares checkpoints without trusted signers, and proves nothing by them', () => {
    const signed = [checkpointOf(at(10)), { ...checkpointOf(at(20)), hash: GENESIS_HASH }];
    const report = verifyWith({ signers: undefined }, chain, signed);
    expect(report).toMatchObject({ ok: false, provenSeq: 0, problems: [{ kind: 'checkpoint_differs', seq: 20 }] });
  });

  it('accepts checkpoints of several trusted keys', () => {
    const former = generateKeyPairSync('ed25519');
    const signed = [checkpointOf(at(10), former.privateKey), checkpointOf(at(20))];
    const signers = [publicKey, former.publicKey];
    expect(verifyWith({ signers }, chain, signed)).toMatchObject({ ok: true, provenSeq: 20 });
    expect(verifyWith({ signers }, chain.slice(0, 15), signed.slice(0, 1))).toMatchObject({ ok: true, provenSeq: 10 });
  });

  it('accepts an empty chain', () => {
    expect(verify([])).toMatchObject({ ok: true, events: 0, provenSeq: 0, head: undefined });
  });
});

/** Each field of an event with a changed value, and the problems that the verifier reports. */
const EDITS: readonly (readonly [Partial<AuditRow>, readonly string[]])[] = [
  [{ id: randomUUID() }, ['edited']],
  [{ tenant_id: randomUUID() }, ['edited', 'foreign_tenant']],
  [{ tenant_id: null }, ['edited', 'foreign_tenant']],
  [{ seq: 4 }, ['edited', 'missing', 'repeated']],
  [{ prev_hash: GENESIS_HASH }, ['broken_link', 'edited']],
  [{ hash: GENESIS_HASH }, ['broken_link', 'edited']],
  [{ commitment: GENESIS_HASH }, ['content_edited', 'edited']],
  [{ salt: randomBytes(32) }, ['content_edited']],
  [{ salt: null }, ['content_edited']],
  [{ action: 'export.ready' }, ['edited']],
  [{ target_type: 'tenant' }, ['edited']],
  [{ outcome: 'failure' }, ['edited']],
  [{ created_at: '2026-11-23T12:00:00.000001Z' }, ['edited']],
  [{ actor: 'operator' }, ['content_edited']],
  [{ target_id: randomUUID() }, ['content_edited']],
  [{ target_path: 'part-1' }, ['content_edited']],
  [{ request_id: null }, ['content_edited']],
  [{ correlation_id: 'c-1' }, ['content_edited']],
  [{ trace_id: '0'.repeat(32) }, ['content_edited']],
];
/** Erasable fields of an event without a salt, each with a value that no erasure leaves. */
const UNSALTED: readonly Partial<AuditRow>[] = [
  { actor: 'operator' },
  { target_id: randomUUID() },
  { target_path: 'part-1' },
  { request_id: 'r-2' },
  { correlation_id: 'c-1' },
  { trace_id: '0'.repeat(32) },
];
const erasedAt5 = { ...ERASED_CONTENT, salt: null };

describe('ChainVerifier detects', () => {
  it.each<[string, readonly AuditRow[], readonly CheckpointRow[], readonly string[]]>([
    ...EDITS.map(([by, kinds]): [string, AuditRow[], [], readonly string[]] => [
      `an edited ${Object.entries(by)
        .map(([name, value]) => (value === null ? `${name}, set to null` : name))
        .join()}`,
      replaced(5, by),
      [],
      kinds,
    ]),
    ...UNSALTED.map((by): [string, AuditRow[], CheckpointRow[], string[]] => [
      `an edited ${Object.keys(by).join()} without its salt, as after an erasure`,
      replaced(5, { ...erasedAt5, ...by }),
      checkpoints,
      ['content_edited'],
    ]),
    ['an erased event that keeps its salt', replaced(5, ERASED_CONTENT), checkpoints, ['content_edited']],
    [
      'an erased event with an edited action',
      replaced(5, { ...erasedAt5, action: 'export.ready' }),
      checkpoints,
      ['edited'],
    ],
    [
      'an edited action with a new hash',
      chain.map((row) => (row.seq === 5 ? rehash({ ...row, action: 'x.y' }) : row)),
      [],
      ['broken_link'],
    ],
    [
      'an actor edited with its commitment',
      replaced(5, { actor: 'x', commitment: computeCommitment({ ...at(5), actor: 'x' }, at(5).salt ?? GENESIS_HASH) }),
      [],
      ['edited'],
    ],
    ['a deleted event', chain.filter(({ seq }) => seq !== 5), checkpoints, ['missing']],
    ['deleted first events', chain.slice(3), checkpoints, ['missing']],
    [
      'a deleted event with the later events renumbered',
      chain.filter(({ seq }) => seq !== 5).map((row, at) => rehash({ ...row, seq: at + 1 })),
      checkpoints,
      ['broken_link', 'truncated', 'checkpoint_differs'],
    ],
    [
      'two swapped events',
      chain.map((row) => (row.seq === 5 ? { ...row, seq: 6 } : row.seq === 6 ? { ...row, seq: 5 } : row)),
      [],
      ['edited', 'broken_link'],
    ],
    [
      'two swapped events with recomputed hashes',
      chain.map((row) =>
        row.seq === 5 ? rehash({ ...at(6), seq: 5 }) : row.seq === 6 ? rehash({ ...at(5), seq: 6 }) : row,
      ),
      [],
      ['broken_link'],
    ],
    ['a repeated event', [...chain, at(5)], [], ['repeated']],
    [
      'an event of another tenant',
      chain.map((row) => (row.seq === 20 ? rehash({ ...row, tenant_id: randomUUID() }) : row)),
      [],
      ['foreign_tenant'],
    ],
    ['a cut-off end', chain.slice(0, 15), checkpoints, ['truncated']],
    ['a deleted last event', chain.slice(0, 19), checkpoints, ['truncated']],
    ['an emptied chain', [], checkpoints, ['truncated']],
    ['a rewritten chain', createChain(20), checkpoints, ['checkpoint_differs']],
    [
      'a chain that was rewritten from the middle',
      createChain(20, chain.slice(0, 12)),
      checkpoints,
      ['checkpoint_differs'],
    ],
    ['an edited checkpoint', chain, [{ ...checkpointOf(at(10)), seq: 9, hash: at(9).hash }], ['signature_invalid']],
    [
      'a checkpoint whose hash was edited',
      chain,
      [{ ...checkpointOf(at(10)), hash: at(9).hash }],
      ['signature_invalid'],
    ],
    [
      'a checkpoint whose signature was edited',
      chain,
      [{ ...checkpointOf(at(10)), signature: Buffer.alloc(64) }],
      ['signature_invalid'],
    ],
    ['a checkpoint whose key was edited', chain, [{ ...checkpointOf(at(10)), key_id: '00' }], ['unknown_signer']],
    [
      'a checkpoint of another tenant',
      chain,
      [checkpointOf({ ...at(10), tenant_id: randomUUID() })],
      ['foreign_tenant'],
    ],
    [
      'a checkpoint under the name of another tenant',
      chain,
      [{ ...checkpointOf(at(10)), tenant_id: null }],
      ['foreign_tenant'],
    ],
    ['a checkpoint whose number was edited', chain, [{ ...checkpointOf(at(10)), seq: 30 }], ['signature_invalid']],
    [
      'a checkpoint of another key',
      chain,
      [checkpointOf(at(10), generateKeyPairSync('ed25519').privateKey)],
      ['unknown_signer'],
    ],
    [
      'a checkpoint of another key under the name of a known one',
      chain,
      [{ ...checkpointOf(at(10), generateKeyPairSync('ed25519').privateKey), key_id: checkpointKeyId(publicKey) }],
      ['signature_invalid'],
    ],
  ])('%s', (_name, rows, signed, expected) => {
    const inOrder = rows.toSorted((a, b) => a.seq - b.seq);
    const reports = [verify(rows, signed), verifyLate(rows, signed), verifyWith({ isInOrder: true }, inOrder, signed)];
    for (const report of reports) {
      expect(report.ok).toBe(false);
      expect(kinds(report).toSorted()).toEqual(expected.toSorted());
    }
  });

  it('no truncation or rewrite without a checkpoint that contradicts it, and reports how many events are proven', () => {
    const cutOff = verify(chain.slice(0, 15), checkpoints.slice(0, 1));
    expect(cutOff).toMatchObject({ ok: true, provenSeq: 10, head: { seq: 15 } });
    expect(verify(createChain(20))).toMatchObject({ ok: true, provenSeq: 0, head: { seq: 20 } });
  });

  it('a chain that differs from an earlier copy, also without checkpoints', () => {
    const compare = (rows: readonly AuditRow[], seq: number): ChainReport => {
      const verifier = new ChainVerifier(TENANT, { signers: [publicKey] });
      verifier.addEarlier(at(seq));
      for (const row of rows) verifier.addEvent(row);
      return verifier.finish();
    };
    // An earlier copy proves nothing: it is not signed.
    expect(compare(chain, 15)).toMatchObject({ ok: true, provenSeq: 0 });
    expect(compare(createChain(20), 15).problems).toMatchObject([{ kind: 'edited', seq: 15 }]);
    expect(compare(chain.slice(0, 14), 15).problems).toEqual([
      { kind: 'truncated', seq: 14, detail: 'before, there were 15 events, the last one here is 14' },
    ]);
    const cut = new ChainVerifier(TENANT, { signers: undefined });
    for (const row of chain) cut.addEarlier(row);
    for (const row of chain.slice(0, 14)) cut.addEvent(row);
    expect(cut.finish()).toMatchObject({
      earlier: 20,
      problems: [{ kind: 'truncated', detail: 'before, there were 20 events, the last one here is 14' }],
    });
    const late = new ChainVerifier(TENANT, { signers: undefined });
    for (const row of createChain(20)) late.addEvent(row);
    late.addEarlier(at(15));
    expect(late.finish().problems).toMatchObject([{ kind: 'edited', seq: 15 }]);
  });

  it('more than a hundred problems, and lists a hundred of them with the number of the others', () => {
    const long = createChain(300).map((row) => ({ ...row, action: 'x.y' }));
    expect(verify(long).problems).toHaveLength(100);
    expect(verify(long).moreProblems).toBe(200);
  });
});

describe('parseAuditRow, parseCheckpointRow and parseChainHead', () => {
  const line = (row: object): string =>
    JSON.stringify(row, (_key, value: unknown) =>
      typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer' && 'data' in value
        ? `\\x${Buffer.from(value.data as number[]).toString('hex')}`
        : value,
    );

  it('parse rows that PostgreSQL formatted, with times in microseconds', () => {
    const row = { ...at(1), created_at: '2026-11-23T12:00:00.1+00:00', extra: 1 };
    expect(parseAuditRow(line(row)).created_at).toBe('2026-11-23T12:00:00.100000Z');
    expect(parseAuditRow(line(at(1)))).toEqual(at(1));
    expect(parseCheckpointRow(line(checkpointOf(at(1))))).toEqual(checkpointOf(at(1)));
  });

  it('parse the head of a chain from an event, a checkpoint and a formatted head', () => {
    const { tenant_id, seq, hash } = at(7);
    const head = { tenant_id, seq, hash };
    expect(parseChainHead(line(at(7)))).toEqual(head);
    expect(parseChainHead(line(checkpointOf(at(7))))).toEqual(head);
    expect(parseChainHead(formatChainHead(head))).toEqual(head);
    expect(() => parseChainHead('{"seq":1}')).toThrow(InvalidAuditRowError);
  });

  it.each([
    ['invalid JSON', '{', /not JSON/],
    ['a cut-off hash', line({ ...at(1), hash: '\\x00' }), /hash: must be .x and 64 hexadecimal digits/],
    ['an unsafe integer', line({ ...at(1), seq: 2 ** 60 }), /seq/],
    [
      'a time in another zone',
      line({ ...at(1), created_at: '2026-11-23T12:00:00+02:00' }),
      /created_at: must be a time in UTC/,
    ],
    ['null instead of chain fields', line({ ...at(1), seq: null, hash: null }), /seq: .*hash: /],
  ])('reject a row with %s', (_name, text, message) => {
    expect(() => parseAuditRow(text)).toThrow(InvalidAuditRowError);
    expect(() => parseAuditRow(text)).toThrow(message);
  });
});

describe('toCanonicalJson', () => {
  it('sorts keys by UTF-16 code units and escapes by RFC 8785', () => {
    // Section 3.2.3 of the RFC: its keys in its order.
    const keys = ['\u20ac', '\r', '\ufb33', '1', '\ud83d\ude00', '\u0080', '\u00f6'];
    const sorted = ['\r', '1', '\u0080', '\u00f6', '\u20ac', '\ud83d\ude00', '\ufb33'];
    const text = toCanonicalJson(Object.fromEntries(keys.map((key) => [key, 1])));
    expect(text).toBe(`{${sorted.map((key) => `${JSON.stringify(key)}:1`).join(',')}}`);
    expect(toCanonicalJson({ b: '\u20ac$\u000f\nA\'B"\\\\"/', a: null })).toBe(
      '{"a":null,"b":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it.each([1.5, 2 ** 53, Number.NaN, '\ud800'])('rejects %p', (value) => {
    expect(() => toCanonicalJson({ value })).toThrow(RangeError);
  });

  it('yields the text that events are hashed from', () => {
    const { id, commitment, prev_hash } = at(1);
    const text = `{"action":"export.requested","commitment":"${commitment.toString('hex')}","created_at":"2026-11-23T12:00:00.000000Z","id":"${id}","outcome":"success","prev_hash":"${prev_hash.toString('hex')}","seq":1,"target_type":"export","tenant_id":"${TENANT}","v":1}`;
    expect(at(1).hash).toEqual(createHash('sha256').update(text).digest());
  });
});
