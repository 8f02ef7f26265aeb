import { createHash, createPublicKey, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import {
  ChainVerifier,
  checkpointKeyId,
  commitTo,
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

/** A chain as the database makes it. */
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
    const kept = {
      id: randomUUID(),
      tenant_id: TENANT,
      seq: chain.length + 1,
      prev_hash: chain.at(-1)?.hash ?? GENESIS_HASH,
      commitment: commitTo(content, salt),
      action: 'export.requested',
      target_type: 'export',
      outcome: 'success',
      created_at: '2026-11-23T12:00:00.000000Z',
    };
    chain.push({ ...content, ...kept, salt, hash: hashEvent(kept) });
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
/** As the rows of an export may come: the events before what proves them. */
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
/** The row with its hash made right again, as somebody does who knows the algorithm. */
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

describe('an untouched chain', () => {
  it('is proven up to its last checkpoint', () => {
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

  it('is so in whatever order its events are read', () => {
    expect(verify(chain.toReversed(), checkpoints)).toMatchObject({ ok: true, provenSeq: 20 });
    expect(verifyLate(chain.toReversed(), checkpoints)).toMatchObject({ ok: true, provenSeq: 20 });
    expect(verifyWith({ isInOrder: true }, chain, checkpoints)).toMatchObject({ ok: true, provenSeq: 20 });
  });

  it('stays so when an erasure takes the content of an event', () => {
    const erased = chain.map((row) => ([7, 9].includes(row.seq) ? { ...row, ...ERASED_CONTENT, salt: null } : row));
    for (const rows of [erased, erased.toReversed()]) {
      expect(verify(rows, checkpoints)).toMatchObject({ ok: true, erased: 2, firstErasedSeq: 7, provenSeq: 20 });
    }
  });

  it('may be verified from where it was verified before', () => {
    const { tenant_id, seq, hash } = at(12);
    for (const isInOrder of [false, true]) {
      const report = verifyWith({ start: { tenant_id, seq, hash }, isInOrder }, chain.slice(12), checkpoints);
      expect(report).toMatchObject({ ok: true, events: 8, provenSeq: 20 });
    }
  });

  it('is compared with checkpoints whose signer nobody names, and not proven by them', () => {
    const signed = [checkpointOf(at(10)), { ...checkpointOf(at(20)), hash: GENESIS_HASH }];
    const report = verifyWith({ signers: undefined }, chain, signed);
    expect(report).toMatchObject({ ok: false, provenSeq: 0, problems: [{ kind: 'checkpoint_differs', seq: 20 }] });
  });

  it('is proven by checkpoints of more than one key, each of which is trusted', () => {
    const former = generateKeyPairSync('ed25519');
    const signed = [checkpointOf(at(10), former.privateKey), checkpointOf(at(20))];
    const signers = [publicKey, former.publicKey];
    expect(verifyWith({ signers }, chain, signed)).toMatchObject({ ok: true, provenSeq: 20 });
    expect(verifyWith({ signers }, chain.slice(0, 15), signed.slice(0, 1))).toMatchObject({ ok: true, provenSeq: 10 });
  });

  it('may be empty', () => {
    expect(verify([])).toMatchObject({ ok: true, events: 0, provenSeq: 0, head: undefined });
  });
});

/** Every field of an event with another value than it has, and what finds that out. */
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
/** Fields that an event no longer commits to when its salt is gone, each with what no erasure leaves. */
const UNSALTED: readonly Partial<AuditRow>[] = [
  { actor: 'operator' },
  { target_id: randomUUID() },
  { target_path: 'part-1' },
  { request_id: 'r-2' },
  { correlation_id: 'c-1' },
  { trace_id: '0'.repeat(32) },
];
const erasedAt5 = { ...ERASED_CONTENT, salt: null };

describe('tampering is detected:', () => {
  it.each<[string, readonly AuditRow[], readonly CheckpointRow[], readonly string[]]>([
    ...EDITS.map(([by, kinds]): [string, AuditRow[], [], readonly string[]] => [
      `an edited ${Object.entries(by)
        .map(([name, value]) => (value === null ? `${name}, taken` : name))
        .join()}`,
      replaced(5, by),
      [],
      kinds,
    ]),
    ...UNSALTED.map((by): [string, AuditRow[], CheckpointRow[], string[]] => [
      `an edited ${Object.keys(by).join()} with its salt taken as an erasure takes it`,
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
      replaced(5, { actor: 'x', commitment: commitTo({ ...at(5), actor: 'x' }, at(5).salt ?? GENESIS_HASH) }),
      [],
      ['edited'],
    ],
    ['a deleted event', chain.filter(({ seq }) => seq !== 5), checkpoints, ['missing']],
    ['deleted first events', chain.slice(3), checkpoints, ['missing']],
    [
      'a deleted event whose gap is numbered away',
      chain.filter(({ seq }) => seq !== 5).map((row, at) => rehash({ ...row, seq: at + 1 })),
      checkpoints,
      ['broken_link', 'truncated', 'checkpoint_differs'],
    ],
    [
      'two events that changed places',
      chain.map((row) => (row.seq === 5 ? { ...row, seq: 6 } : row.seq === 6 ? { ...row, seq: 5 } : row)),
      [],
      ['edited', 'broken_link'],
    ],
    [
      'two events that changed places, with their hashes made right',
      chain.map((row) =>
        row.seq === 5 ? rehash({ ...at(6), seq: 5 }) : row.seq === 6 ? rehash({ ...at(5), seq: 6 }) : row,
      ),
      [],
      ['broken_link'],
    ],
    ['an event that is there twice', [...chain, at(5)], [], ['repeated']],
    [
      'an event of another tenant',
      chain.map((row) => (row.seq === 20 ? rehash({ ...row, tenant_id: randomUUID() }) : row)),
      [],
      ['foreign_tenant'],
    ],
    ['a cut-off end', chain.slice(0, 15), checkpoints, ['truncated']],
    ['a deleted last event', chain.slice(0, 19), checkpoints, ['truncated']],
    ['an emptied chain', [], checkpoints, ['truncated']],
    ['a chain that was written anew', createChain(20), checkpoints, ['checkpoint_differs']],
    [
      'a chain that was written anew from the middle',
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

  it('not without the checkpoints that it would contradict, and the report says how little is proven', () => {
    const cutOff = verify(chain.slice(0, 15), checkpoints.slice(0, 1));
    expect(cutOff).toMatchObject({ ok: true, provenSeq: 10, head: { seq: 15 } });
    expect(verify(createChain(20))).toMatchObject({ ok: true, provenSeq: 0, head: { seq: 20 } });
  });

  it('also without checkpoints, when the chain is not what it was before', () => {
    const compare = (rows: readonly AuditRow[], seq: number): ChainReport => {
      const verifier = new ChainVerifier(TENANT, { signers: [publicKey] });
      verifier.addEarlier(at(seq));
      for (const row of rows) verifier.addEvent(row);
      return verifier.finish();
    };
    // What is known from before proves nothing: it is not signed.
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

  it('says no more than a hundred problems, and how many there are', () => {
    const long = createChain(300).map((row) => ({ ...row, action: 'x.y' }));
    expect(verify(long).problems).toHaveLength(100);
    expect(verify(long).moreProblems).toBe(200);
  });
});

describe('a row', () => {
  const line = (row: object): string =>
    JSON.stringify(row, (_key, value: unknown) =>
      typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer' && 'data' in value
        ? `\\x${Buffer.from(value.data as number[]).toString('hex')}`
        : value,
    );

  it('is read as PostgreSQL writes it, with its time in microseconds', () => {
    const row = { ...at(1), created_at: '2026-11-23T12:00:00.1+00:00', extra: 1 };
    expect(parseAuditRow(line(row)).created_at).toBe('2026-11-23T12:00:00.100000Z');
    expect(parseAuditRow(line(at(1)))).toEqual(at(1));
    expect(parseCheckpointRow(line(checkpointOf(at(1))))).toEqual(checkpointOf(at(1)));
  });

  it('tells how far its chain had come, as a checkpoint and the line of a head do', () => {
    const { tenant_id, seq, hash } = at(7);
    const head = { tenant_id, seq, hash };
    expect(parseChainHead(line(at(7)))).toEqual(head);
    expect(parseChainHead(line(checkpointOf(at(7))))).toEqual(head);
    expect(parseChainHead(formatChainHead(head))).toEqual(head);
    expect(() => parseChainHead('{"seq":1}')).toThrow(InvalidAuditRowError);
  });

  it.each([
    ['no JSON', '{', /not JSON/],
    ['a cut-off hash', line({ ...at(1), hash: '\\x00' }), /hash: must be .x and 64 hexadecimal digits/],
    ['a number that is not exact', line({ ...at(1), seq: 2 ** 60 }), /seq/],
    [
      'a time of another zone',
      line({ ...at(1), created_at: '2026-11-23T12:00:00+02:00' }),
      /created_at: must be a time in UTC/,
    ],
    ['an event from before the chain', line({ ...at(1), seq: null, hash: null }), /seq: .*hash: /],
  ])('with %s is refused', (_name, text, message) => {
    expect(() => parseAuditRow(text)).toThrow(InvalidAuditRowError);
    expect(() => parseAuditRow(text)).toThrow(message);
  });
});

describe('canonical JSON', () => {
  it('sorts keys by UTF-16 code units and escapes as RFC 8785 says', () => {
    // Section 3.2.3 of the RFC: its keys in its order.
    const keys = ['\u20ac', '\r', '\ufb33', '1', '\ud83d\ude00', '\u0080', '\u00f6'];
    const sorted = ['\r', '1', '\u0080', '\u00f6', '\u20ac', '\ud83d\ude00', '\ufb33'];
    const text = toCanonicalJson(Object.fromEntries(keys.map((key) => [key, 1])));
    expect(text).toBe(`{${sorted.map((key) => `${JSON.stringify(key)}:1`).join(',')}}`);
    expect(toCanonicalJson({ b: '\u20ac$\u000f\nA\'B"\\\\"/', a: null })).toBe(
      '{"a":null,"b":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it.each([1.5, 2 ** 53, Number.NaN, '\ud800'])('refuses %p', (value) => {
    expect(() => toCanonicalJson({ value })).toThrow(RangeError);
  });

  it('is what events are hashed over', () => {
    const { id, commitment, prev_hash } = at(1);
    const text = `{"action":"export.requested","commitment":"${commitment.toString('hex')}","created_at":"2026-11-23T12:00:00.000000Z","id":"${id}","outcome":"success","prev_hash":"${prev_hash.toString('hex')}","seq":1,"target_type":"export","tenant_id":"${TENANT}","v":1}`;
    expect(at(1).hash).toEqual(createHash('sha256').update(text).digest());
  });
});
