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
  it('sends its flags and the key, and prints a table', async () => {
    api.play(json({ data: [KEY], next_cursor: 'c2' }));
    const { code, stdout, stderr } = await aion(['api-keys', 'list', '--limit', '1', '--tenant', ID]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'More rows follow: use --cursor c2, or --all.\n' });
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

  it('prints only JSON with --json, and no colours, also under CI', async () => {
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

  it("lists the platform's audit events for an operator without --tenant, and a tenant's with it", async () => {
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

  it('prints only the secret on standard output', async () => {
    api.play(json({ ...KEY, key: 'aion_sk_new' }, 201));
    const { stdout, stderr } = await aion(['api-keys', 'create', '--name', 'ci', '--scope', 'inference']);
    expect(stdout).toBe('aion_sk_new\n');
    expect(stderr).toContain(`id          ${ID}`);
    expect(stderr).toContain('Store the key: it is shown only once');
    expect(JSON.parse(api.seen[0]?.body ?? '')).toEqual({ name: 'ci', scopes: ['inference'] });
  });

  it('reads a body from standard input, which flags override', async () => {
    api.play(json({ ...KEY, key: 'k' }, 201));
    const input = JSON.stringify({ name: 'old', scopes: ['trace'] });
    await runAion(['api-keys', 'create', '--body', '-', '--name', 'new'], { env: access(), input });
    expect(JSON.parse(api.seen[0]?.body ?? '')).toEqual({ name: 'new', scopes: ['trace'] });
  });

  it('sends the version of --if-match with an update', async () => {
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
    ['a wrong choice', ['api-keys', 'create', '--scope', 'all'], /Choose one of: inference, /],
    [
      'a wrong time',
      ['api-keys', 'update', ID, '--expires-at', 'tomorrow'],
      /--expires-at: Invalid ISO datetime.*such as 2026-/,
    ],
    ['a wrong id', ['api-keys', 'get', '1'], /<key-id>: .*such as 01890a5d/],
    ['an invalid number', ['api-keys', 'list', '--limit', 'x'], /Pass an integer/],
    ['a number out of range', ['api-keys', 'list', '--limit', '0'], /--limit: Too small/],
    [
      'a body that is not JSON',
      ['tenants', 'create', '--body', 'README.md'],
      /--body README.md must contain a JSON object/,
    ],
    ['a missing body file', ['tenants', 'create', '--body', 'x.json'], /x.json must contain a JSON object: .*ENOENT/],
    ['an invalid timeout', ['tenants', 'list', '--timeout', '0'], /Pass a number of seconds/],
    ['an invalid address', ['tenants', 'list', '--url', 'localhost'], /correct --url or AION_URL/],
    ['a missing key file', ['tenants', 'list', '--key-file', 'nowhere'], /nowhere cannot be read/],
  ])('rejects %s with exit code 2 and sends no request', async (_name, args, message) => {
    api.play(json(KEY));
    const { code, stdout, stderr } = await aion(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(api.seen).toEqual([]);
  });

  it('rejects a deletion without a terminal and without --yes, with exit code 2', async () => {
    api.play(json(KEY));
    const { code, stderr } = await runAion(['api-keys', 'revoke', ID], { env: access() });
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining(
        `revokes key ${ID}. This needs a confirmation: run it in a terminal or add --yes.`,
      ),
    });
    expect(api.seen).toEqual([]);
  });

  it('deletes with --yes', async () => {
    api.play(json(KEY));
    expect(await aion(['api-keys', 'revoke', ID, '--yes'])).toMatchObject({ code: 0 });
    expect(api.seen).toMatchObject([{ method: 'DELETE', url: `/api/v1/api-keys/${ID}` }]);
  });

  it('prints the reason of a rejection, its fields and the request id, with exit code 1', async () => {
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

  it('warns about a deprecated route', async () => {
    api.play(json(KEY, 200, { deprecation: '@1767225600', sunset: 'Thu, 01 Jan 2026 00:00:00 GMT' }));
    const { code, stderr } = await aion(['api-keys', 'get', ID]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/^warning: .* after Thu, 01 Jan 2026/) });
  });
});

describe('a command on an unhealthy platform', () => {
  it('is retried with the same idempotency key, after the delay that the API requests', async () => {
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
    expect(stderr).toContain('Busy. Retrying in 1.0 s (2 of 3).');
    const keys = api.seen.map(({ headers }) => headers['idempotency-key']);
    expect(keys).toHaveLength(4);
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('is not retried when the API requests a long delay', async () => {
    api.play(problem(503, 'Back in an hour.', { 'retry-after': '3600' }));
    expect(await aion(['tenants', 'list'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Back in an hour.'),
    });
    expect(api.seen).toHaveLength(1);
  });

  it('fails with exit code 3 when the connection is refused', async () => {
    const gone = await startScriptedApi();
    const closed = gone.url;
    await gone.stop();
    // In a separate process: in this one, errors of fetch belong to another realm, and their cause is not found.
    const { code, stderr } = await runAion(['tenants', 'list'], { env: { ...access(), AION_URL: closed } });
    expect(code).toBe(3);
    expect(stderr).toMatch(/cannot be reached: connect ECONNREFUSED 127.0.0.1:\d+\. Is the platform running there\?/);
  });

  it('fails with exit code 3 after the timeout when the API never answers', async () => {
    api.play(() => undefined);
    const { code, stderr } = await aion(['tenants', 'list', '--timeout', '0.05']);
    const lines = stderr.trimEnd().split('\n');
    // Counts the messages: whether a request arrives within the timeout depends on the load of the machine.
    const again = [1, 2, 3].map((attempt): unknown =>
      expect.stringMatching(`no answer within 0.05 s.*\\(${attempt} of 3\\)`),
    );
    expect({ code, lines }).toEqual({ code: 3, lines: [...again, expect.stringMatching(/^error: .* no answer/)] });
  });

  it('does not follow a redirect, which would send the key elsewhere', async () => {
    api.play((res) => void res.writeHead(307, { location: `${api.url}/elsewhere` }).end());
    expect(await aion(['tenants', 'list'])).toMatchObject({ code: 3 });
    expect(api.seen.every(({ url }) => url === '/api/v1/tenants')).toBe(true);
  });
});

describe('address and key', () => {
  const none = { AION_URL: undefined, AION_API_KEY: undefined };

  it('are required, with exit code 2', async () => {
    expect(await aion(['tenants', 'list'], none)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('set AION_URL'),
    });
    const keyless = await aion(['tenants', 'list'], { AION_API_KEY: '' });
    expect(keyless).toMatchObject({ code: 2, stderr: expect.stringContaining('set AION_API_KEY') });
  });

  it('are read from a demo in the folder: the operator key for management', async () => {
    const cwd = join(folder, 'demo');
    await mkdir(join(cwd, '.aion'), { recursive: true });
    const tenants = [{ id: ID, name: 'Demo tenant', key: 'aion_sk_demo' }];
    const demo = { baseUrl: api.url, adminUrls: {}, operatorKey: 'aion_op_demo', tenants };
    await writeFile(join(cwd, '.aion/demo.json'), JSON.stringify(demo));
    api.play(json({ data: [], next_cursor: null }));
    const env = { ...none, INIT_CWD: cwd };
    const run = (...args: string[]) => aion(args, env);
    expect((await run('tenants', 'list')).stderr).toBe(`note: using the demo at ${api.url} as its operator\n`);
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
      stderr: expect.stringContaining('was not written by a running demo'),
    });
  });

  it('are read from a key file, whose content is never shown', async () => {
    api.play(json({ data: [], next_cursor: null }));
    const keyFile = join(folder, 'key.txt');
    await writeFile(keyFile, 'aion_op_file\n');
    await aion(['tenants', 'list', '--key-file', keyFile]);
    expect(api.seen[0]?.headers.authorization).toBe('Bearer aion_op_file');
    await writeFile(keyFile, 'two words\n');
    const { code, stderr } = await aion(['tenants', 'list', '--key-file', keyFile]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: `error: ${keyFile} must contain one key and nothing else\n` });
  });

  it('of the first operator are requested with the one-time secret', async () => {
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

  it('warns about an address without encryption', async () => {
    const { stderr } = await aion(['tenants', 'list', '--timeout', '0.05'], { AION_URL: 'http://aion.invalid' });
    expect(stderr).toContain('warning: http://aion.invalid is not encrypted');
  });
});
