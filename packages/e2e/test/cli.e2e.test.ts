import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { getSharedPlatform, type SharedPlatform } from './support/shared-platform.ts';

const directory = mkdtempSync(join(tmpdir(), 'aion-cli-e2e-'));
const inDirectory = (name: string): string => join(directory, name);
const AION = resolve(import.meta.dirname, '../../cli/src/main.ts');

let platform: SharedPlatform;
let tenant: string;
/** A key of the tenant with many scopes, except `trace`. */
let key: string;

beforeAll(async () => {
  platform = await getSharedPlatform();
  tenant = idOf(await aion(['tenants', 'create', '--name', 'Example Ltd', '--json']));
  const scopes = [
    'inference',
    'usage:read',
    'exports:read',
    'exports:write',
    'audit:read',
    'files:read',
    'files:write',
  ];
  const flags = scopes.flatMap((scope) => ['--scope', scope]);
  key = (await aion(['api-keys', 'create', '--tenant', tenant, '--name', 'app', ...flags])).trim();
}, 90_000);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function run(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [AION, ...args], {
    cwd: directory,
    env: {
      PATH: process.env['PATH'],
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? inDirectory('compiled'),
      AION_URL: platform.baseUrl,
      AION_API_KEY: platform.operatorKey,
      ...env,
    },
  });
  child.stdin.end();
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, stdout, stderr };
}

/** Runs a command and returns its standard output. Fails the test if its exit code is not 0. */
async function aion(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { code, stdout, stderr } = await run(args, env);
  expect([args, code, stderr]).toEqual([args, 0, expect.any(String)]);
  return stdout;
}

const asTenant = (...args: string[]): Promise<string> => aion(args, { AION_API_KEY: key });

function idOf(json: string): string {
  return (JSON.parse(json) as { readonly id: string }).id;
}

describe('the command line on a running platform', () => {
  it('rejects a second initialization and reports that an operator exists', async () => {
    const { initSecret } = JSON.parse(readFileSync(join(platform.stateDir, 'secrets.json'), 'utf8')) as {
      readonly initSecret: string;
    };
    const refused = await run(['init', '--name', 'Second'], { AION_INIT_SECRET: initSecret });
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('has an operator already') });
  });

  it('creates a key, prints only its secret to standard output, and the key works', async () => {
    expect(key).toMatch(/^aion_sk_\w+$/);
    expect(await asTenant('usage', 'get', '--group-by', 'model')).toMatch(/GENERATIONS.*\nTOTAL /s);
    expect(await asTenant('audit-events', 'list', '--json')).toContain('api_key.created');
    const ofPlatform = await aion(['audit-events', 'list', '--all', '--json']);
    expect(ofPlatform).toContain('operator.created');
    expect(ofPlatform).not.toContain('api_key.created');
    const refused = await run(['tenants', 'list'], { AION_API_KEY: key });
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('Only the platform operator') });
  });

  it('requires --yes to shorten a retention period', async () => {
    const create = ['retention-policies', 'create', '--tenant', tenant, '--retention-class', 'content'];
    expect(await run([...create, '--keep-days', '30'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('for 30 days instead of 365, and older data may be deleted'),
    });
    expect(JSON.parse(await aion([...create, '--keep-days', '30', '--yes', '--json']))).toMatchObject({
      keep_days: 30,
      replaces: { keep_days: 365 },
    });
    // A longer period deletes nothing.
    expect(JSON.parse(await aion([...create, '--keep-days', '400', '--json']))).toMatchObject({ keep_days: 400 });
  });

  it('requests, downloads and verifies an export with an intact audit trail', async () => {
    const recipient = (await asTenant('keygen', '--output', 'key.txt')).trim();
    const id = idOf(await asTenant('exports', 'create', '--recipient', recipient, '--wait', '--json'));
    expect(await asTenant('exports', 'download', id, '-o', 'bundle.tar')).toContain('bundle.tar');
    expect(await asTenant('verify', 'bundle.tar', '--identity', 'key.txt')).toContain('ok');
    writeFileSync(inDirectory('audit.pub'), `${platform.auditPublicKey}\n`);
    const signed = ['audit', 'verify', 'bundle.tar', '--identity', 'key.txt', '--signer', 'audit.pub'];
    expect(await asTenant(...signed)).toMatch(/proves events 1 to \d+\n.*The audit trail is intact/s);
    // A modified bundle is reported by the exit code.
    const bundle = readFileSync(inDirectory('bundle.tar'));
    bundle[Math.floor(bundle.length / 2)]! ^= 1;
    writeFileSync(inDirectory('changed.tar'), bundle);
    expect(await run(['verify', 'changed.tar'])).toMatchObject({ code: 1 });
  });

  it('uploads and downloads a file, and requires --yes to delete it', async () => {
    writeFileSync(inDirectory('notes.txt'), 'x'.repeat(100_000));
    const id = idOf(await asTenant('files', 'upload', 'notes.txt', '--content-type', 'text/plain', '--json'));
    await asTenant('files', 'download', id, '-o', 'back.txt');
    expect(readFileSync(inDirectory('back.txt')).equals(readFileSync(inDirectory('notes.txt')))).toBe(true);
    expect(await run(['files', 'delete', id], { AION_API_KEY: key })).toMatchObject({ code: 2 });
    await asTenant('files', 'delete', id, '--yes');
    expect(await run(['files', 'get', id], { AION_API_KEY: key })).toMatchObject({ code: 1 });
  });

  it('separates provider credentials of the platform and of tenants, and re-encrypts them', async () => {
    const provider = { name: 'main', kind: 'anthropic', credentials: { api_key: 'canary-credential' } };
    writeFileSync(inDirectory('provider.json'), JSON.stringify(provider));
    const made = await aion(['providers', 'create', '--body', 'provider.json', '--json']);
    expect(JSON.parse(made)).toMatchObject({ tenant_id: null, has_credentials: true });
    expect(made).not.toContain('canary');
    expect(JSON.parse(await aion(['providers', 'list', '--tenant', tenant, '--json']))).toMatchObject({ data: [] });
    expect(JSON.parse(await aion(['keys', 'rotate', '--json']))).toMatchObject({ remaining: 0, failed: [] });
  });

  it('finds a demo in its folder and reports the status of its services', async () => {
    mkdirSync(inDirectory('.aion'));
    const tenants = [{ id: tenant, name: 'Example Ltd', key }];
    const { baseUrl, adminUrls, operatorKey } = platform;
    writeFileSync(inDirectory('.aion/demo.json'), JSON.stringify({ baseUrl, adminUrls, operatorKey, tenants }));
    const none = { AION_URL: '', AION_API_KEY: '', INIT_CWD: directory };
    const status = JSON.parse(await aion(['status', '--json'], none)) as { readonly ready: boolean };
    expect(status).toMatchObject({ ready: true });
    const listed = await run(['files', 'list'], none);
    expect(listed).toMatchObject({ code: 0, stderr: expect.stringContaining(`as its operator for tenant ${tenant}`) });
    const platformOnly = await run(['providers', 'list'], none);
    expect(platformOnly).toMatchObject({ code: 0, stdout: expect.stringContaining('main') });
  });
});
