import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runAion } from './support/run-aion.ts';
import { runHere } from './support/run-here.ts';
import { breakOff, json, problem, startScriptedApi, type ScriptedApi } from './support/scripted-api.ts';

const ID = '01890a5d-ac96-774b-bcce-b302099a8057';
const KEY = { id: ID, name: 'ci', scopes: ['inference'], expires_at: null };
let api: ScriptedApi;
let folder: string;

beforeAll(async () => {
  api = await startScriptedApi();
  folder = await mkdtemp(join(tmpdir(), 'aion-api-'));
});
afterAll(async () => {
  await api.stop();
  await rm(folder, { recursive: true });
});

const access = () => ({ AION_URL: api.url, AION_API_KEY: 'aion_sk_1', INIT_CWD: folder });
const aion = (args: readonly string[], env: NodeJS.ProcessEnv = {}) => runHere(args, { ...access(), ...env });

describe('a command', () => {
  it('sends what its flags say, with the key, and prints a table', async () => {
    api.play(json({ data: [KEY], next_cursor: 'c2' }));
    const { code, stdout, stderr } = await aion(['api-keys', 'list', '--limit', '1', '--tenant', ID]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'There are more: --cursor c2, or --all.\n' });
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(/^ID +NAME +PREFIX +SCOPES/),
      expect.stringMatching(new RegExp(`^${ID} +ci +- +inference +-`)),
      '',
    ]);
    expect(api.seen).toMatchObject([
      {
        method: 'GET',
        url: '/api/v1/api-keys?limit=1',
        headers: { authorization: 'Bearer aion_sk_1', 'x-aion-tenant': ID },
      },
    ]);
  });

  it('prints JSON for scripts, without colours and words of its own, also under CI', async () => {
    api.play(json(KEY, 200, { etag: '"3"' }));
    const env = { ...access(), CI: 'true' };
    const { stdout, stderr } = await runAion(['api-keys', 'get', ID, '--json'], { env });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual(KEY);
    const table = await runAion(['api-keys', 'get', ID], { env });
    expect(table.stdout).not.toContain('\u001b');
    expect(table.stdout).toContain('etag        "3"\n');
  });

  it('reads every page, as a table or as JSON', async () => {
    const pages = [json({ data: [KEY, KEY], next_cursor: 'c2' }), json({ data: [KEY], next_cursor: null })];
    api.play(...pages);
    expect((await aion(['api-keys', 'list', '--all'])).stdout.split('\n')).toHaveLength(5);
    expect(api.seen.map(({ url }) => url)).toEqual([
      '/api/v1/api-keys?limit=100',
      '/api/v1/api-keys?limit=100&cursor=c2',
    ]);
    api.play(...pages);
    expect(JSON.parse((await aion(['api-keys', 'list', '--all', '--json'])).stdout)).toEqual({
      data: [KEY, KEY, KEY],
      next_cursor: null,
    });
    api.play(json({ data: [], next_cursor: null }));
    expect(JSON.parse((await aion(['api-keys', 'list', '--all', '--json'])).stdout)).toEqual({
      data: [],
      next_cursor: null,
    });
  });

  it("asks for the platform's audit events where an operator names no tenant, and for a tenant's where one is named", async () => {
    const event = {
      seq: 7,
      action: 'operator.created',
      actor: 'init',
      target_type: 'platform_operator',
      target_id: ID,
    };
    api.play(json({ data: [event], next_cursor: null }));
    const env = { AION_API_KEY: 'aion_op_1' };
    const { code, stdout } = await aion(['audit-events', 'list'], env);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('operator.created') });
    await aion(['audit-events', 'list', '--tenant', ID], env);
    expect(api.seen.map(({ headers }) => [headers.authorization, headers['x-aion-tenant']])).toEqual([
      ['Bearer aion_op_1', undefined],
      ['Bearer aion_op_1', ID],
    ]);
  });

  it('gives the secret alone to whoever captures it', async () => {
    api.play(json({ ...KEY, key: 'aion_sk_new' }, 201));
    const { stdout, stderr } = await aion(['api-keys', 'create', '--name', 'ci', '--scope', 'inference']);
    expect(stdout).toBe('aion_sk_new\n');
    expect(stderr).toContain(`id          ${ID}`);
    expect(stderr).toContain('Keep the key: it is shown this once');
    expect(JSON.parse(api.seen[0]?.body ?? '')).toEqual({ name: 'ci', scopes: ['inference'] });
  });

  it('takes a body from standard input, and flags before it', async () => {
    api.play(json({ ...KEY, key: 'k' }, 201));
    const input = JSON.stringify({ name: 'old', scopes: ['trace'] });
    await runAion(['api-keys', 'create', '--body', '-', '--name', 'new'], { env: access(), input });
    expect(JSON.parse(api.seen[0]?.body ?? '')).toEqual({ name: 'new', scopes: ['trace'] });
  });

  it('names the version that a change is meant for', async () => {
    api.play(json(KEY));
    await aion(['api-keys', 'update', ID, '--name', 'x', '--no-expires-at', '--if-match', '3']);
    expect(api.seen[0]).toMatchObject({
      method: 'PATCH',
      body: '{"name":"x","expires_at":null}',
      headers: { 'if-match': '"3"' },
    });
  });

  it.each([
    ['a missing flag', ['api-keys', 'create', '--name', 'x'], /error: --scope is required/],
    ['a wrong choice', ['api-keys', 'create', '--scope', 'all'], /Give one of: inference, /],
    [
      'a wrong time',
      ['api-keys', 'update', ID, '--expires-at', 'tomorrow'],
      /--expires-at: Invalid ISO datetime.*such as 2026-/,
    ],
    ['a wrong id', ['api-keys', 'get', '1'], /<key-id>: .*such as 01890a5d/],
    ['a number that is none', ['api-keys', 'list', '--limit', 'x'], /Give a whole number/],
    ['a number out of range', ['api-keys', 'list', '--limit', '0'], /--limit: Too small/],
    [
      'a body that is no JSON',
      ['tenants', 'create', '--body', 'README.md'],
      /--body README.md does not hold a JSON object/,
    ],
    [
      'a body that is not there',
      ['tenants', 'create', '--body', 'x.json'],
      /x.json does not hold a JSON object: .*ENOENT/,
    ],
    ['a timeout that is none', ['tenants', 'list', '--timeout', '0'], /Give seconds/],
    ['an address that is none', ['tenants', 'list', '--url', 'localhost'], /mend --url or AION_URL/],
    ['a key file that is not there', ['tenants', 'list', '--key-file', 'nowhere'], /nowhere cannot be read/],
  ])('refuses %s with exit code 2 and asks the API for nothing', async (_name, args, message) => {
    api.play(json(KEY));
    const { code, stdout, stderr } = await aion(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(api.seen).toEqual([]);
  });

  it('destroys nothing where nobody can be asked, with exit code 2', async () => {
    api.play(json(KEY));
    const { code, stderr } = await runAion(['api-keys', 'revoke', ID], { env: access() });
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining(`the key ${ID}. Nobody can be asked here: add --yes`),
    });
    expect(api.seen).toEqual([]);
  });

  it('destroys with --yes', async () => {
    api.play(json(KEY));
    expect(await aion(['api-keys', 'revoke', ID, '--yes'])).toMatchObject({ code: 0 });
    expect(api.seen).toMatchObject([{ method: 'DELETE', url: `/api/v1/api-keys/${ID}` }]);
  });

  it('shows why the API refuses, field by field, with the id of the request and exit code 1', async () => {
    const errors = [{ pointer: '/name', detail: 'must not be \u001b[31mblank' }];
    api.play(problem(400, 'name is not valid.', { 'x-request-id': 'r-1' }, { errors }));
    const { code, stdout, stderr } = await aion(['tenants', 'create', '--name', 'x']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe(
      'error: Refused (400): name is not valid.\n  /name: must not be \ufffd[31mblank\n  request id r-1\n',
    );
    api.play((res) => void res.writeHead(404).end('<html>'));
    expect(await aion(['tenants', 'list'])).toMatchObject({ code: 1, stderr: 'error: Not Found (404): <html>\n' });
  });

  it('warns of a route that will go', async () => {
    api.play(json(KEY, 200, { deprecation: '@1767225600', sunset: 'Thu, 01 Jan 2026 00:00:00 GMT' }));
    const { code, stderr } = await aion(['api-keys', 'get', ID]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/^warning: .* after Thu, 01 Jan 2026/) });
  });
});

describe('a platform that is not well', () => {
  it('is asked again, with the same idempotency key and after the pause that it wants', async () => {
    const startedAt = performance.now();
    api.play(
      breakOff,
      problem(503, 'Busy.', { 'retry-after': '1' }),
      problem(429, 'Slow.'),
      json({ ...KEY, key: 'k' }, 201),
    );
    const { code, stderr } = await aion(['api-keys', 'create', '--name', 'x', '--scope', 'trace']);
    expect(code).toBe(0);
    expect(performance.now() - startedAt).toBeGreaterThan(1_000);
    expect(stderr).toContain('Busy. Trying again in 1.0 s (2 of 3).');
    const keys = api.seen.map(({ headers }) => headers['idempotency-key']);
    expect(keys).toHaveLength(4);
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('is not waited for longer than makes sense', async () => {
    api.play(problem(503, 'Back in an hour.', { 'retry-after': '3600' }));
    expect(await aion(['tenants', 'list'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Back in an hour.'),
    });
    expect(api.seen).toHaveLength(1);
  });

  it('that is not there at all is exit code 3', async () => {
    const gone = await startScriptedApi();
    const closed = gone.url;
    await gone.stop();
    // In a process of its own: in this one, an error of fetch is of another realm, and its cause is not looked at.
    const { code, stderr } = await runAion(['tenants', 'list'], { env: { ...access(), AION_URL: closed } });
    expect(code).toBe(3);
    expect(stderr).toMatch(/cannot be reached: connect ECONNREFUSED 127.0.0.1:\d+\. Is the platform running there\?/);
  });

  it('that never answers is exit code 3, after the timeout', async () => {
    api.play(() => undefined);
    const { code, stderr } = await aion(['tenants', 'list', '--timeout', '0.05']);
    const lines = stderr.trimEnd().split('\n');
    // Counted by what it says: whether a request arrives in that time is up to the machine.
    const again = [1, 2, 3].map((attempt): unknown =>
      expect.stringMatching(`no answer within 0.05 s.*\\(${attempt} of 3\\)`),
    );
    expect({ code, lines }).toEqual({ code: 3, lines: [...again, expect.stringMatching(/^error: .* no answer/)] });
  });

  it('that sends elsewhere is not followed: the key stays here', async () => {
    api.play((res) => void res.writeHead(307, { location: `${api.url}/elsewhere` }).end());
    expect(await aion(['tenants', 'list'])).toMatchObject({ code: 3 });
    expect(api.seen.every(({ url }) => url === '/api/v1/tenants')).toBe(true);
  });
});

describe('the address and the key', () => {
  const none = { AION_URL: undefined, AION_API_KEY: undefined };

  it('are asked for when nothing gives them, with exit code 2', async () => {
    expect(await aion(['tenants', 'list'], none)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('set AION_URL'),
    });
    const keyless = await aion(['tenants', 'list'], { AION_API_KEY: '' });
    expect(keyless).toMatchObject({ code: 2, stderr: expect.stringContaining('set AION_API_KEY') });
  });

  it('come from a demo in the folder: its operator manages, its tenants use', async () => {
    const cwd = join(folder, 'demo');
    await mkdir(join(cwd, '.aion'), { recursive: true });
    const tenants = [{ id: ID, name: 'Demo tenant', key: 'aion_sk_demo' }];
    const demo = { baseUrl: api.url, adminUrls: {}, operatorKey: 'aion_op_demo', tenants };
    await writeFile(join(cwd, '.aion/demo.json'), JSON.stringify(demo));
    api.play(json({ data: [], next_cursor: null }));
    const env = { ...none, INIT_CWD: cwd };
    const run = (...args: string[]) => aion(args, env);
    expect((await run('tenants', 'list')).stderr).toBe(`note: the demo at ${api.url}, as its operator\n`);
    expect((await run('api-keys', 'list')).stderr).toContain(`as its operator for tenant ${ID} "Demo tenant"`);
    expect(api.seen.map(({ headers }) => [headers.authorization, headers['x-aion-tenant']])).toEqual([
      ['Bearer aion_op_demo', undefined],
      ['Bearer aion_op_demo', ID],
    ]);
    api.play(json({ data: [], next_cursor: null }));
    await aion(['tenants', 'list'], { ...env, AION_API_KEY: 'mine' });
    expect(api.seen[0]?.headers.authorization).toBe('Bearer mine');
    const elsewhere = await aion(['tenants', 'list'], { ...env, AION_URL: 'http://127.0.0.1:1' });
    expect(elsewhere).toMatchObject({ code: 2, stderr: expect.stringContaining('set AION_API_KEY') });
    await writeFile(join(cwd, '.aion/demo.json'), '{}');
    expect(await run('tenants', 'list')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('is not what a running demo'),
    });
  });

  it('come from a file, whose secret is never shown', async () => {
    api.play(json({ data: [], next_cursor: null }));
    const keyFile = join(folder, 'key.txt');
    await writeFile(keyFile, 'aion_op_file\n');
    await aion(['tenants', 'list', '--key-file', keyFile]);
    expect(api.seen[0]?.headers.authorization).toBe('Bearer aion_op_file');
    await writeFile(keyFile, 'two words\n');
    const { code, stderr } = await aion(['tenants', 'list', '--key-file', keyFile]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: `error: ${keyFile} does not hold one key and nothing else\n` });
  });

  it('of the first operator come by the one-time secret', async () => {
    api.play(json({ id: ID, name: 'First', key: 'aion_op_1' }, 201));
    const env = { AION_INIT_SECRET: 'once', AION_API_KEY: 'other' };
    expect(await aion(['init', '--name', 'First'], env)).toMatchObject({ code: 0, stdout: 'aion_op_1\n' });
    expect(api.seen[0]).toMatchObject({
      method: 'POST',
      url: '/api/v1/init',
      headers: { authorization: 'Bearer once' },
    });
    const { code, stderr } = await aion(['init', '--name', 'First']);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('set AION_INIT_SECRET') });
  });

  it('warns of an address that anybody can listen on', async () => {
    const { stderr } = await aion(['tenants', 'list', '--timeout', '0.05'], { AION_URL: 'http://aion.invalid' });
    expect(stderr).toContain('warning: http://aion.invalid is not encrypted');
  });
});
