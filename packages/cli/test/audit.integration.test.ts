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

/** The public key as OpenSSH writes it (RFC 8709). */
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
  /** Which events have a checkpoint, and who has signed it. */
  readonly signed?: Readonly<Record<number, KeyObject>>;
  /** Which event an erasure has taken the content of. */
  readonly erased?: number;
}

/** A chain and its checkpoints, as an export has them. */
function createTrail({ events = 3, signed = { 3: privateKey }, erased }: TrailOptions = {}): string[] {
  const lines: string[] = [];
  let prev_hash = GENESIS_HASH;
  for (let seq = 1; seq <= events; seq += 1) {
    const salt = randomBytes(32);
    const said = { actor: 'operator', target_id: TENANT, target_path: null, request_id: null, correlation_id: null };
    const commitment = computeCommitment({ ...said, trace_id: null }, salt);
    const kept = { action: 'tenant.read', target_type: 'tenant', outcome: 'success', id: randomUUID(), seq };
    const event = { ...kept, tenant_id: TENANT, created_at: '2026-11-23T12:00:00.000000Z', prev_hash, commitment };
    const hash = hashEvent(event);
    const bytes = { prev_hash: hex(prev_hash), commitment: hex(commitment), hash: hex(hash) };
    const content = seq === erased ? { ...ERASED_CONTENT, salt: null } : { ...said, trace_id: null, salt: hex(salt) };
    lines.push(JSON.stringify({ ...event, ...content, ...bytes }));
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

/** What a person at a terminal is shown of a run in this process. */
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
  it('shows on a terminal how far it is, and nothing with --json', async () => {
    const file = join(folder, 'long.ndjson');
    await writeFile(file, createTrail({ events: 1_200 }).join('\n'));
    const shown = await runOnTerminal('audit', 'verify', file);
    expect(shown).toMatch(/events .* \d+ %/);
    expect(await runOnTerminal('audit', 'verify', file, '--json')).toBe('');
    expect((await runHere(['audit', 'verify', file])).stderr).toBe('');
  });

  it('takes the public key as OpenSSL writes it, too', async () => {
    const pem = join(folder, 'signer.pem');
    await writeFile(pem, createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }));
    const trail = createTrail();
    expect(await audit(trail, '--signer', pem)).toEqual(await audit(trail, '--signer', signer));
    const other = generateKeyPairSync('x25519').publicKey.export({ type: 'spki', format: 'pem' });
    await writeFile(pem, other);
    expect(await audit(createTrail(), '--signer', pem)).toMatchObject({ code: 2 });
  });

  it('finds an untouched trail intact, and says how far it is proven', async () => {
    const { code, output } = await audit(createTrail(), '--signer', signer);
    expect(output).toContain(`chain   of tenant ${TENANT}\nevents  3\nhead    3 `);
    expect(output).toContain('proof   1 checkpoints; the newest that holds proves events 1 to 3');
    expect(output).toContain('The audit trail is intact.');
    expect(code).toBe(0);
  });

  it('names what was done to one that was touched, with exit code 1', async () => {
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

  it('says how many events no checkpoint proves yet', async () => {
    const trail = createTrail({ events: 5 });
    const { code, output } = await audit(trail, '--signer', signer);
    expect(output).toContain('the newest that holds proves events 1 to 3\nproof   not yet proven: 2;');
    expect(code).toBe(0);
    const { output: json } = await audit(trail, '-s', signer, '--json');
    expect(JSON.parse(json)).toMatchObject({ ok: true, chains: [{ provenSeq: 3, unprovenEvents: 2 }] });
  });

  it('fails where the key is given and proves nothing: checkpoints and the end may be gone', async () => {
    const cut = withoutCheckpoints(createTrail()).slice(0, 2);
    const { code, output } = await audit(cut, '--signer', signer);
    expect(output).toContain('proof   0 checkpoints; none proves anything\nproof   not yet proven: 2\n');
    expect(output).toContain('FAILED  event 2: unproven: no checkpoint proves any event. Ask the operator');
    expect(output).toContain('The audit trail is NOT intact.');
    expect(code).toBe(1);
    const { output: json } = await audit(cut, '-s', signer, '--json');
    expect(JSON.parse(json)).toMatchObject({ ok: false, chains: [{ ok: false, problems: [{ kind: 'unproven' }] }] });
  });

  it('takes the former key beside the present one, after a rotation', async () => {
    const trail = createTrail({ signed: { 1: former, 3: privateKey } });
    const { code, output } = await audit(trail, '--signer', signer, '--signer', formerSigner);
    expect(output).toContain('proof   2 checkpoints; the newest that holds proves events 1 to 3');
    expect(code).toBe(0);
    const one = await audit(trail, '--signer', signer);
    expect(one.output).toMatch(/FAILED {2}event 1: unknown signer: the checkpoint's key [0-9a-f]{16} is not known/);
    expect(one.code).toBe(1);
  });

  it('says how many events are erased', async () => {
    const { code, output } = await audit(createTrail({ erased: 2 }), '--signer', signer);
    expect(output).toContain('events  3, the content of 1 erased: compare with the certificates of your erasures');
    expect(code).toBe(0);
  });

  const other = randomUUID();
  it.each<[string, (lines: readonly string[]) => string[], RegExp]>([
    [
      'an actor edited and its salt taken',
      ([first = '', ...rest]) => [first.replace('"operator"', '"x"').replace(/"salt":"[^"]+"/, '"salt":null'), ...rest],
      /event 1: content edited: it has no salt/,
    ],
    ['the first event gone', (lines) => lines.slice(1), /event 1: missing/],
    ['an event in the middle gone', (lines) => lines.toSpliced(1, 1), /event 2: missing/],
    ['the last event gone', (lines) => lines.toSpliced(2, 1), /event 2: truncated/],
    [
      'an event given to another tenant',
      (lines) =>
        lines.map((line, at) => (at === 1 ? line.replace(`"tenant_id":"${TENANT}"`, `"tenant_id":"${other}"`) : line)),
      /chain {3}of tenant .*event 2: edited/s,
    ],
    [
      'the whole chain given to another tenant',
      (lines) => lines.map((line) => line.replace(`"tenant_id":"${TENANT}"`, `"tenant_id":"${other}"`)),
      /event 3: signature invalid/,
    ],
    [
      'a chain written anew',
      (lines) => [...withoutCheckpoints(createTrail()), ...lines.slice(3)],
      /event 3: checkpoint differs/,
    ],
    [
      'a checkpoint edited',
      (lines) => lines.map((line) => line.replace(/("signature":.{8})../, '$1ff')),
      /event 3: signature invalid/,
    ],
    [
      'a terminal told what to do by the name of a key',
      (lines) => lines.map((line) => line.replace(/"key_id":"\w+"/, String.raw`"key_id":"\u001b[2J"`)),
      /the checkpoint's key \ufffd\[2J is not known/,
    ],
  ])('does not pass %s', async (_name, tamper, message) => {
    const { code, output } = await audit(tamper(createTrail()), '--signer', signer);
    expect(output).toMatch(message);
    expect(code).toBe(1);
  });

  it('checks no signature without the key of the signer, and says so', async () => {
    const { code, output } = await audit(createTrail());
    expect(output).toContain('1 checkpoints, their signatures not checked: give --signer');
    expect(code).toBe(0);
  });

  describe('with what is known from before', () => {
    const logLine = (line: string): string => {
      const fields = { ...toCheckpointFields(parseChainHead(line)), key_id: 'x' };
      return JSON.stringify({ level: 'info', message: CHECKPOINT_SIGNED, fields });
    };
    const trail = createTrail({ events: 5, signed: { 3: privateKey, 5: privateKey } });
    const other = JSON.stringify({ level: 'info', message: 'Request handled' });
    const earlier = async (lines: readonly string[]): Promise<string> => {
      const file = join(folder, `${randomUUID()}.ndjson`);
      await writeFile(file, lines.join('\n'));
      return file;
    };
    const ways: [string, (lines: readonly string[]) => string[]][] = [
      ['an earlier export', (lines) => [...lines]],
      ['the log of database-gateway', (lines) => [other, logLine(lines.at(-1) ?? '')]],
      [
        'its file of heads',
        (lines) => [formatChainHead({ tenant_id: null, seq: 9, hash: GENESIS_HASH }), headOf(lines.at(-1) ?? '')],
      ],
    ];
    const headOf = (line: string): string => formatChainHead(parseChainHead(line));

    it.each(ways)('passes one that goes on from it, by %s', async (_name, tell) => {
      const { code, output } = await audit(trail, '-s', signer, '--earlier', await earlier(tell(trail.slice(0, 4))));
      expect(output).toMatch(/^earlier [13] events compared with what they were$/m);
      expect(output).toContain('The audit trail is intact.');
      expect(code).toBe(0);
    });

    it.each(ways)('finds that its end was cut off with its newer checkpoints, by %s', async (_name, tell) => {
      const cut = trail.slice(0, 4);
      expect((await audit(cut, '-s', signer)).code).toBe(0);
      const { code, output } = await audit(cut, '-s', signer, '-e', await earlier(tell(trail)));
      expect(output).toContain(
        'FAILED  event 3: truncated: before, there were 5 events, the last one here is 3. Was the export',
      );
      expect(code).toBe(1);
    });

    it.each(ways)('finds that it was written anew, by %s', async (_name, tell) => {
      const { code, output } = await audit(createTrail({ events: 5 }), '-e', await earlier(tell(trail)), '--json');
      const problems: unknown = expect.arrayContaining([
        { kind: 'edited', seq: 5, detail: 'it was another event before' },
      ]);
      expect(JSON.parse(output)).toMatchObject({ ok: false, chains: [{ problems }] });
      // As a problem and as the head: an event is named once, whatever said what it was.
      expect(output.match(/"seq": 5,/g)).toHaveLength(2);
      expect(code).toBe(1);
    });

    it.each([
      [
        'knows of other chains only',
        [formatChainHead({ tenant_id: null, seq: 1, hash: GENESIS_HASH })],
        /knows nothing of/,
      ],
      ['is a log without a checkpoint', [other], /knows nothing of the chains/],
      ['is no trail', ['{"seq":1}'], /Line 1 of .*: The row is not valid/],
      [
        'has a line of a checkpoint that was cut off',
        [logLine(trail.at(-1) ?? '').replace(/"hash":"../, '"hash":"')],
        /Line 1 of/,
      ],
      ['ends in the middle of a line', [logLine(trail.at(-1) ?? '').slice(0, -9)], /Line 1 of .* is not JSON/],
      ['is a bundle that nothing opens', ['bundle'], /is an earlier bundle: it is opened with --identity/],
    ])('refuses one that %s, with exit code 2', async (_name, lines, message) => {
      const { code, output } = await audit(trail, '--earlier', await earlier(lines));
      expect(output).toMatch(message);
      expect(code).toBe(2);
    });
  });

  it.each([
    ['a line that is no event', ['{"seq":1}'], [], /Line 1 of .*: The row is not valid: id: /],
    ['an empty file', [], [], /holds no event of an audit trail/],
    ['a signer that is no key', ['{}'], ['-s', main], /holds 0 keys: give a file with one line "ssh-ed25519/],
    ['a second signer that is no key', ['{}'], ['-s', main, '-s', main], /holds 0 keys: give a file with one line/],
  ])('refuses %s with exit code 2', async (_name, lines, options, message) => {
    const { code, output } = await audit(lines, ...options);
    expect(output).toMatch(message);
    expect(code).toBe(2);
  });

  it.each([
    ['a file that is not there', ['/nonexistent.ndjson'], /\/nonexistent.ndjson cannot be read: ENOENT/],
    ['a bundle without the key that opens it', [import.meta.dirname], /a bundle is opened with --identity/],
  ])('refuses %s with exit code 2', async (_name, args, message) => {
    const { code, output } = await run('audit', 'verify', ...args);
    expect(output).toMatch(message);
    expect(code).toBe(2);
  });
});
