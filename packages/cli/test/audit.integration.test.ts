import { createPublicKey, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { checkpointKeyId, commitTo, GENESIS_HASH, hashEvent, signCheckpoint } from '@aion/audit-chain';
import { startProcess } from '@aion/testkit';

const main = resolve(import.meta.dirname, '../src/main.ts');
const TENANT = '0198c0de-0000-7000-8000-000000000001';
const { privateKey } = generateKeyPairSync('ed25519');
let folder: string;
let signer: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aion-audit-'));
  signer = join(folder, 'signer.pub');
  await writeFile(signer, `${toSshKey()} audit\n`);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The public key as OpenSSH writes it (RFC 8709). */
function toSshKey(): string {
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  const strings = [Buffer.from('ssh-ed25519'), Buffer.from(x, 'base64url')].flatMap((text) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(text.length);
    return [length, text];
  });
  return `ssh-ed25519 ${Buffer.concat(strings).toString('base64')}`;
}

const hex = (bytes: Uint8Array): string => `\\x${Buffer.from(bytes).toString('hex')}`;

/** A chain of three events and a checkpoint of the last one, as an export has them. */
function createTrail(): string[] {
  const lines: string[] = [];
  let prev_hash = GENESIS_HASH;
  for (let seq = 1; seq <= 3; seq += 1) {
    const salt = randomBytes(32);
    const content = { actor: 'operator', target_id: TENANT, target_path: null, request_id: null, correlation_id: null };
    const commitment = commitTo({ ...content, trace_id: null }, salt);
    const kept = { action: 'tenant.read', target_type: 'tenant', outcome: 'success', id: randomUUID(), seq };
    const event = { ...kept, tenant_id: TENANT, created_at: '2026-11-23T12:00:00.000000Z', prev_hash, commitment };
    const hash = hashEvent(event);
    const bytes = { prev_hash: hex(prev_hash), commitment: hex(commitment), hash: hex(hash), salt: hex(salt) };
    lines.push(JSON.stringify({ ...event, ...content, trace_id: null, ...bytes }));
    prev_hash = hash;
  }
  const head = { tenant_id: TENANT, seq: 3, hash: prev_hash };
  const signature = hex(signCheckpoint(head, privateKey));
  return [...lines, JSON.stringify({ ...head, hash: hex(prev_hash), signature, key_id: checkpointKeyId(privateKey) })];
}

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

describe('aion audit verify', () => {
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

  it('checks no signature without the key of the signer, and says so', async () => {
    const { code, output } = await audit(createTrail());
    expect(output).toContain('1 checkpoints, their signatures not checked: give --signer');
    expect(code).toBe(0);
  });

  it.each([
    ['a line that is no event', ['{"seq":1}'], [], /Line 1 of .*: The row is not valid: id: /],
    ['an empty file', [], [], /holds no event of an audit trail/],
    ['a signer that is no key', ['{}'], ['-s', main], /holds 0 keys: give a file with one line "ssh-ed25519/],
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
