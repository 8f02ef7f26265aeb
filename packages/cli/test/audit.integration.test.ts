import { createPublicKey, generateKeyPairSync, randomBytes, randomUUID, type KeyObject } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  CHECKPOINT_SIGNED,
  checkpointKeyId,
  computeCommitment,
  ERASED_CONTENT,
  formatChainHead,
  GENESIS_HASH,
  hashEvent,
  parseChainHead,
  signCheckpoint,
  toCheckpointFields,
  type ChainHead,
} from '@aion/audit-chain';
import { startProcess } from '@aion/testkit';
import { runHere } from './support/run-here.ts';

const main = resolve(import.meta.dirname, '../src/main.ts');
const TENANT = '0198c0de-0000-7000-8000-000000000001';
const { privateKey } = generateKeyPairSync('ed25519');
const former = generateKeyPairSync('ed25519').privateKey;
let folder: string;
let signer: string;
let formerSigner: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aion-audit-'));
  signer = join(folder, 'signer.pub');
  formerSigner = join(folder, 'former-signer.pub');
  await writeFile(signer, `${toSshKey(privateKey)} audit\n`);
  await writeFile(formerSigner, `${toSshKey(former)} audit of last year\n`);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Formats a public key as OpenSSH does (RFC 8709). */
function toSshKey(key: KeyObject): string {
  const { x = '' } = createPublicKey(key).export({ format: 'jwk' });
  const strings = [Buffer.from('ssh-ed25519'), Buffer.from(x, 'base64url')].flatMap((text) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(text.length);
    return [length, text];
  });
  return `ssh-ed25519 ${Buffer.concat(strings).toString('base64')}`;
}

const hex = (bytes: Uint8Array): string => `\\x${Buffer.from(bytes).toString('hex')}`;

interface TrailOptions {
  readonly events?: number;
  /** Signing keys of checkpoints by the number of the event. */
  readonly signed?: Readonly<Record<number, KeyObject>>;
  /** Number of the event whose content is erased. */
  readonly erased?: number;
}

/** Creates the lines of a chain and its checkpoints, as an export contains them. */
function createTrail({ events = 3, signed = { 3: privateKey }, erased }: TrailOptions = {}): string[] {
  const lines: string[] = [];
  let prev_hash = GENESIS_HASH;
  for (let seq = 1; seq <= events; seq += 1) {
    const salt = randomBytes(32);
    const content = { actor: 'operator', target_id: TENANT, target_path: null, request_id: null, correlation_id: null };
    const commitment = computeCommitment({ ...content, trace_id: null }, salt);
    const header = { action: 'tenant.read', target_type: 'tenant', outcome: 'success', id: randomUUID(), seq };
    const event = { ...header, tenant_id: TENANT, created_at: '2026-11-23T12:00:00.000000Z', prev_hash, commitment };
    const hash = hashEvent(event);
    const bytes = { prev_hash: hex(prev_hash), commitment: hex(commitment), hash: hex(hash) };
    const stored = seq === erased ? { ...ERASED_CONTENT, salt: null } : { ...content, trace_id: null, salt: hex(salt) };
    lines.push(JSON.stringify({ ...event, ...stored, ...bytes }));
    const key = signed[seq];
    if (key !== undefined) lines.push(checkpointLine({ tenant_id: TENANT, seq, hash }, key));
    prev_hash = hash;
  }
  return lines;
}

function checkpointLine(head: ChainHead, key: KeyObject): string {
  const signature = hex(signCheckpoint(head, key));
  return JSON.stringify({ ...head, hash: hex(head.hash), signature, key_id: checkpointKeyId(key) });
}
const withoutCheckpoints = (lines: readonly string[]): string[] =>
  lines.filter((line) => !line.includes('"signature"'));

async function audit(lines: readonly string[], ...options: string[]) {
  const file = join(folder, `${randomUUID()}.ndjson`);
  await writeFile(file, `${lines.join('\n')}\n`);
  return run('audit', 'verify', file, ...options);
}

async function run(...args: string[]) {
  const child = await startProcess({ args: [main, ...args] });
  const { code } = await child.exited;
  return { code, output: child.output() };
}

/** Runs a command as if standard error were a terminal, and returns what it prints there. */
async function runOnTerminal(...args: string[]): Promise<string> {
  const before = process.stderr.isTTY;
  process.stderr.isTTY = true;
  try {
    return (await runHere(args)).stderr;
  } finally {
    process.stderr.isTTY = before;
  }
}

describe('aion audit verify', () => {
  it('shows its progress on a terminal, and nothing with --json', async () => {
    const file = join(folder, 'long.ndjson');
    await writeFile(file, createTrail({ events: 1_200 }).join('\n'));
    const shown = await runOnTerminal('audit', 'verify', file);
    expect(shown).toMatch(/events .* \d+ %/);
    expect(await runOnTerminal('audit', 'verify', file, '--json')).toBe('');
    expect((await runHere(['audit', 'verify', file])).stderr).toBe('');
  });

  it('accepts a public key in the format of OpenSSL', async () => {
    const pem = join(folder, 'signer.pem');
    await writeFile(pem, createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }));
    const trail = createTrail();
    expect(await audit(trail, '--signer', pem)).toEqual(await audit(trail, '--signer', signer));
    const other = generateKeyPairSync('x25519').publicKey.export({ type: 'spki', format: 'pem' });
    await writeFile(pem, other);
    expect(await audit(createTrail(), '--signer', pem)).toMatchObject({ code: 2 });
  });

  it('reports an unchanged trail as intact, with the events that are proven', async () => {
    const { code, output } = await audit(createTrail(), '--signer', signer);
    expect(output).toContain(`chain   of tenant ${TENANT}\nevents  3\nhead    3 `);
    expect(output).toContain('proof   1 checkpoints; the newest valid one proves events 1 to 3');
    expect(output).toContain('The audit trail is intact.');
    expect(code).toBe(0);
  });

  it('reports the changes of an altered trail, with exit code 1', async () => {
    const [first = '', second = '', ...rest] = createTrail();
    const edited = await audit([first, second.replace('tenant.read', 'tenant.edit'), ...rest], '-s', signer);
    expect(edited.output).toContain('FAILED  event 2: edited: its hash is not that of its content');
    expect(edited.output).toContain('The audit trail is NOT intact.');
    expect(edited.code).toBe(1);
    const cut = await audit([first, second, ...rest.slice(-1)], '-s', signer, '--json');
    expect(JSON.parse(cut.output)).toMatchObject({
      ok: false,
      chains: [{ tenant_id: TENANT, events: 2, checkpoints: 1, problems: [{ kind: 'truncated', seq: 2 }] }],
      bundle: null,
    });
    expect(cut.code).toBe(1);
  });

  it('counts the events that no checkpoint proves yet', async () => {
    const trail = createTrail({ events: 5 });
    const { code, output } = await audit(trail, '--signer', signer);
    expect(output).toContain('the newest valid one proves events 1 to 3\nproof   not yet proven: 2;');
    expect(code).toBe(0);
    const { output: json } = await audit(trail, '-s', signer, '--json');
    expect(JSON.parse(json)).toMatchObject({ ok: true, chains: [{ provenSeq: 3, unprovenEvents: 2 }] });
  });

  it('fails when no checkpoint is valid for the given key, since the trail may be truncated', async () => {
    const cut = withoutCheckpoints(createTrail()).slice(0, 2);
    const { code, output } = await audit(cut, '--signer', signer);
    expect(output).toContain('proof   0 checkpoints; none is valid\nproof   not yet proven: 2\n');
    expect(output).toContain('FAILED  event 2: unproven: no checkpoint proves any event. Ask the operator');
    expect(output).toContain('The audit trail is NOT intact.');
    expect(code).toBe(1);
    const { output: json } = await audit(cut, '-s', signer, '--json');
    expect(JSON.parse(json)).toMatchObject({ ok: false, chains: [{ ok: false, problems: [{ kind: 'unproven' }] }] });
  });

  it('accepts current and former keys after a rotation', async () => {
    const trail = createTrail({ signed: { 1: former, 3: privateKey } });
    const { code, output } = await audit(trail, '--signer', signer, '--signer', formerSigner);
    expect(output).toContain('proof   2 checkpoints; the newest valid one proves events 1 to 3');
    expect(code).toBe(0);
    const one = await audit(trail, '--signer', signer);
    expect(one.output).toMatch(/FAILED {2}event 1: unknown signer: the checkpoint's key [0-9a-f]{16} is not known/);
    expect(one.code).toBe(1);
  });

  it('counts the erased events', async () => {
    const { code, output } = await audit(createTrail({ erased: 2 }), '--signer', signer);
    expect(output).toContain('events  3, the content of 1 erased: compare this with your erasure certificates');
    expect(code).toBe(0);
  });

  const other = randomUUID();
  it.each<[string, (lines: readonly string[]) => string[], RegExp]>([
    [
      'an edited actor without salt',
      ([first = '', ...rest]) => [first.replace('"operator"', '"x"').replace(/"salt":"[^"]+"/, '"salt":null'), ...rest],
      /event 1: content edited: it has no salt/,
    ],
    ['a missing first event', (lines) => lines.slice(1), /event 1: missing/],
    ['a missing event in the middle', (lines) => lines.toSpliced(1, 1), /event 2: missing/],
    ['a missing last event', (lines) => lines.toSpliced(2, 1), /event 2: truncated/],
    [
      'an event of another tenant',
      (lines) =>
        lines.map((line, at) => (at === 1 ? line.replace(`"tenant_id":"${TENANT}"`, `"tenant_id":"${other}"`) : line)),
      /chain {3}of tenant .*event 2: edited/s,
    ],
    [
      'a complete chain under the name of another tenant',
      (lines) => lines.map((line) => line.replace(`"tenant_id":"${TENANT}"`, `"tenant_id":"${other}"`)),
      /event 3: signature invalid/,
    ],
    [
      'a rewritten chain',
      (lines) => [...withoutCheckpoints(createTrail()), ...lines.slice(3)],
      /event 3: checkpoint differs/,
    ],
    [
      'an edited checkpoint',
      (lines) => lines.map((line) => line.replace(/("signature":.{8})../, '$1ff')),
      /event 3: signature invalid/,
    ],
    [
      'control characters in the name of a key',
      (lines) => lines.map((line) => line.replace(/"key_id":"\w+"/, String.raw`"key_id":"\u001b[2J"`)),
      /the checkpoint's key \ufffd\[2J is not known/,
    ],
  ])('rejects %s', async (_name, tamper, message) => {
    const { code, output } = await audit(tamper(createTrail()), '--signer', signer);
    expect(output).toMatch(message);
    expect(code).toBe(1);
  });

  it('reports that no signature was checked without --signer', async () => {
    const { code, output } = await audit(createTrail());
    expect(output).toContain('1 checkpoints, signatures not checked: pass --signer');
    expect(code).toBe(0);
  });

  describe('with --earlier', () => {
    const logLine = (line: string): string => {
      const fields = { ...toCheckpointFields(parseChainHead(line)), key_id: 'x' };
      return JSON.stringify({ level: 'info', message: CHECKPOINT_SIGNED, fields });
    };
    const trail = createTrail({ events: 5, signed: { 3: privateKey, 5: privateKey } });
    const other = JSON.stringify({ level: 'info', message: 'Request handled' });
    const writeEarlier = async (lines: readonly string[]): Promise<string> => {
      const file = join(folder, `${randomUUID()}.ndjson`);
      await writeFile(file, lines.join('\n'));
      return file;
    };
    const ways: [string, (lines: readonly string[]) => string[]][] = [
      ['an earlier export', (lines) => [...lines]],
      ['the log of database-gateway', (lines) => [other, logLine(lines.at(-1) ?? '')]],
      [
        'the heads file of database-gateway',
        (lines) => [formatChainHead({ tenant_id: null, seq: 9, hash: GENESIS_HASH }), headOf(lines.at(-1) ?? '')],
      ],
    ];
    const headOf = (line: string): string => formatChainHead(parseChainHead(line));

    it.each(ways)('accepts a trail that continues the earlier state, read from %s', async (_name, toEarlier) => {
      const { code, output } = await audit(
        trail,
        '-s',
        signer,
        '--earlier',
        await writeEarlier(toEarlier(trail.slice(0, 4))),
      );
      expect(output).toMatch(/^earlier [13] events compared with their earlier state$/m);
      expect(output).toContain('The audit trail is intact.');
      expect(code).toBe(0);
    });

    it.each(ways)(
      'detects a trail truncated with its newer checkpoints, compared with %s',
      async (_name, toEarlier) => {
        const cut = trail.slice(0, 4);
        expect((await audit(cut, '-s', signer)).code).toBe(0);
        const { code, output } = await audit(cut, '-s', signer, '-e', await writeEarlier(toEarlier(trail)));
        expect(output).toContain(
          'FAILED  event 3: truncated: before, there were 5 events, the last one here is 3. Is the export',
        );
        expect(code).toBe(1);
      },
    );

    it.each(ways)('detects a rewritten trail, compared with %s', async (_name, toEarlier) => {
      const { code, output } = await audit(
        createTrail({ events: 5 }),
        '-e',
        await writeEarlier(toEarlier(trail)),
        '--json',
      );
      const problems: unknown = expect.arrayContaining([
        { kind: 'edited', seq: 5, detail: 'it was another event before' },
      ]);
      expect(JSON.parse(output)).toMatchObject({ ok: false, chains: [{ problems }] });
      // Once as a problem and once as the head: further sources about the same event add no problem.
      expect(output.match(/"seq": 5,/g)).toHaveLength(2);
      expect(code).toBe(1);
    });

    it.each([
      [
        'contains only other chains',
        [formatChainHead({ tenant_id: null, seq: 1, hash: GENESIS_HASH })],
        /contains no earlier state of/,
      ],
      ['is a log without a checkpoint', [other], /contains no earlier state of the chains/],
      ['is not a trail', ['{"seq":1}'], /Line 1 of .*: The row is not valid/],
      ['contains a truncated checkpoint', [logLine(trail.at(-1) ?? '').replace(/"hash":"../, '"hash":"')], /Line 1 of/],
      ['ends in the middle of a line', [logLine(trail.at(-1) ?? '').slice(0, -9)], /Line 1 of .* is not JSON/],
      ['is a bundle without its identity', ['bundle'], /is an earlier bundle: pass --identity/],
    ])('rejects a file that %s, with exit code 2', async (_name, lines, message) => {
      const { code, output } = await audit(trail, '--earlier', await writeEarlier(lines));
      expect(output).toMatch(message);
      expect(code).toBe(2);
    });
  });

  it.each([
    ['a line that is not an event', ['{"seq":1}'], [], /Line 1 of .*: The row is not valid: id: /],
    ['an empty file', [], [], /contains no event of an audit trail/],
    ['a signer file without a key', ['{}'], ['-s', main], /contains 0 keys: pass a file with one line "ssh-ed25519/],
    [
      'a second signer file without a key',
      ['{}'],
      ['-s', main, '-s', main],
      /contains 0 keys: pass a file with one line/,
    ],
  ])('rejects %s with exit code 2', async (_name, lines, options, message) => {
    const { code, output } = await audit(lines, ...options);
    expect(output).toMatch(message);
    expect(code).toBe(2);
  });

  it.each([
    ['a missing file', ['/nonexistent.ndjson'], /\/nonexistent.ndjson cannot be read: ENOENT/],
    ['a bundle without its identity', [import.meta.dirname], /a bundle requires --identity/],
  ])('rejects %s with exit code 2', async (_name, args, message) => {
    const { code, output } = await run('audit', 'verify', ...args);
    expect(output).toMatch(message);
    expect(code).toBe(2);
  });
});
