import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  createBundleWriter,
  createDirectorySink,
  createSigningKey,
  formatAllowedSigner,
  layoutTar,
  parseAgeRecipient,
  readTar,
} from '@aion/bundle';

const main = join(import.meta.dirname, '../src/main.ts');
const signingKey = createSigningKey();
const part = 'data/t0001-p00000.ndjson.zst.age';

let folder = '';
let bundle = '';
let identity = '';
let recipient = '';
let signer = '';

/** Runs the tool in a separate process without a terminal. */
async function aion(...args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [main, ...args], { cwd: folder, env: { ...process.env, NO_COLOR: '1' } });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  await once(child, 'close');
  return { code: child.exitCode, stdout, stderr };
}

async function writeBundle(directory: string) {
  const writer = createBundleWriter({
    exportId: 'export-1',
    tenantId: 'tenant-1',
    sink: createDirectorySink(directory),
    recipients: [recipient],
    signingKey,
    snapshot: { id: '1-1', at: '2026-01-02T03:04:05Z', frozen: false },
    schema: { fingerprint: 'sha256:x', migration: 'first' },
  });
  const rows = Readable.from([Buffer.from('{"id":1}\n{"id":2}\n')], { objectMode: false });
  const table = { name: 'public.messages', columns: [{ name: 'id', type: 'int8' }], orderBy: ['id'], dbCount: 2 };
  await writer.addTable(table, rows);
  return writer.finalize();
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aion-cli-'));
  bundle = join(folder, 'bundle');
  identity = join(folder, 'key.txt');
  signer = join(folder, 'signer.pub');
  recipient = (await aion('keygen', '--output', identity)).stdout.trim();
  await writeFile(signer, `${formatAllowedSigner(signingKey.publicKey)} comment\n`);
  await writeBundle(bundle);
});
afterAll(() => rm(folder, { recursive: true }));

describe('aion keygen', () => {
  it('writes an identity that only its owner can read, and prints the recipient', async () => {
    expect(parseAgeRecipient(recipient).text).toBe(recipient);
    expect((await stat(identity)).mode & 0o777).toBe(0o600);
    expect(await readFile(identity, 'utf8')).toMatch(
      new RegExp(`^# created: .*\\n# public key: ${recipient}\\nAGE-SECRET-KEY-1`),
    );
  });

  it('never overwrites a file, and exits with 1', async () => {
    const before = await readFile(identity, 'utf8');
    const { code, stdout, stderr } = await aion('keygen', '-o', identity);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/never overwritten/);
    expect(await readFile(identity, 'utf8')).toBe(before);
  });

  it('prints the identity when no file is given', async () => {
    const { code, stdout, stderr } = await aion('keygen');
    expect(code).toBe(0);
    expect(stdout).toMatch(/\nAGE-SECRET-KEY-1[A-Z0-9]+\n$/);
    expect(stderr).toMatch(/^recipient: age1/);
  });
});

describe('aion verify', () => {
  it('exits with 0 for an intact bundle', async () => {
    const { code, stdout, stderr } = await aion('verify', bundle, '--identity', identity, '--signer', signer);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/ok +table public.messages +2 rows in 1 parts/);
    expect(stdout).toContain('OK: 2 rows of 1 tables are complete.');
  });

  it('reports what it did not check without --identity and --signer', async () => {
    const { code, stdout } = await aion('verify', bundle);
    expect(code).toBe(0);
    expect(stdout).toMatch(/--identity/);
    expect(stdout).toMatch(/--signer/);
  });

  it('prints only the report with --json', async () => {
    const { code, stdout, stderr } = await aion('verify', bundle, '--json', '-i', identity);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      contentChecked: true,
      exportId: 'export-1',
      totals: { rows: 2 },
    });
  });

  it('reads a tar archive', async () => {
    const { files } = await writeBundle(join(folder, 'again'));
    const layout = layoutTar({ exportId: 'export-1', files, mtime: new Date(0) });
    const open = async (path: string, start: number, end: number) =>
      Readable.from([(await readFile(join(folder, 'again', path))).subarray(start, end + 1)]);
    const file = join(folder, 'bundle.tar');
    await writeFile(file, Buffer.concat(await readTar(layout, open).toArray()));
    expect(await aion('verify', file, '-i', identity, '-s', signer)).toMatchObject({ code: 0 });
    await appendFile(join(folder, 'again', part), 'x');
    expect(await aion('verify', join(folder, 'again'), '--json')).toMatchObject({ code: 1 });
  });

  it('exits with 1 for an altered bundle and shows the failed check', async () => {
    const altered = join(folder, 'altered');
    await writeBundle(altered);
    await appendFile(join(altered, part), 'x');
    const { code, stdout } = await aion('verify', altered, '-i', identity);
    expect(code).toBe(1);
    expect(stdout).toMatch(/FAILED +payload hashes/);
    expect(stdout).toMatch(/FAILED: do not rely on this bundle/);
  });

  it('exits with 1 when another key signed', async () => {
    const other = join(folder, 'other.pub');
    await writeFile(other, `${createSigningKey().publicKey}\n`);
    const { code, stdout } = await aion('verify', bundle, '-s', other);
    expect(code).toBe(1);
    expect(stdout).toMatch(/FAILED +signer/);
  });

  it('exits with 1 for a file that is not an archive', async () => {
    const { code, stdout } = await aion('verify', identity);
    expect(code).toBe(1);
    expect(stdout).toMatch(/FAILED +structure/);
  });

  it.each([
    ['no bundle', () => ['verify'], /missing required argument/],
    ['a missing bundle', () => ['verify', join(folder, 'nowhere')], /pass the folder of a bundle/],
    ['an unknown option', () => ['verify', bundle, '--fast'], /unknown option/],
    ['a missing identity file', () => ['verify', bundle, '-i', join(folder, 'nowhere')], /cannot be read/],
    ['an identity file without an identity', () => ['verify', bundle, '-i', signer], /AGE-SECRET-KEY-1/],
    ['a signer without a key', () => ['verify', bundle, '-s', identity], /contains 0 keys/],
    ['an unknown command', () => ['verfy', bundle], /unknown command/],
    ['no command', () => [], /Usage: aion/],
  ])('exits with 2 for %s', async (_name, args, message) => {
    const { code, stdout, stderr } = await aion(...args());
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it('exits with 0 for its help', async () => {
    expect(await aion('verify', '--help')).toMatchObject({ code: 0, stdout: expect.stringContaining('--identity') });
  });
});
