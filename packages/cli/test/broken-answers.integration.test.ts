import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runAion } from './support/run-aion.ts';
import {
  breakOff,
  breakOffWithin,
  json,
  startScriptedApi,
  type ScriptedApi,
  type Step,
} from './support/scripted-api.ts';

const ID = '01890a5d-ac96-774b-bcce-b302099a8057';
const AT = '2030-01-01T00:00:00.000Z';
const content = Buffer.alloc(100_000, 'content ');
const file = {
  id: ID,
  tenant_id: ID,
  project_id: null,
  name: 'notes.txt',
  content_type: 'text/plain',
  bytes: content.length,
  sha256: sha256(content),
  created_at: AT,
};
let api: ScriptedApi;
let folder: string;

beforeEach(async () => {
  api = await startScriptedApi();
  folder = await mkdtemp(join(tmpdir(), 'aion-broken-'));
});
afterEach(async () => {
  await api.stop();
  await rm(folder, { recursive: true });
});

/** Runs the tool in a separate process: in this one, errors of fetch belong to another realm. */
function aion(...args: readonly string[]) {
  return runAion(args, { cwd: folder, env: { AION_URL: api.url, AION_API_KEY: 'aion_sk_1' } });
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

describe('a download of a file', () => {
  it('leaves no file and fails with exit code 3 when the connection breaks', async () => {
    api.play(json(file), breakOffWithin(content));
    const { code, stdout, stderr } = await aion('files', 'download', ID, '-o', 'notes.txt');
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toMatch(
      /error: The answer of http:\/\/127.0.0.1:\d+ was interrupted: \w.*\. Is the platform running there\?/,
    );
    expect(stderr).not.toContain('    at ');
    expect(await readdir(folder)).toEqual([]);
  });

  it('creates the file when it is complete', async () => {
    api.play(json(file), (res) => void res.writeHead(200).end(content));
    expect(await aion('files', 'download', ID, '-o', 'notes.txt')).toMatchObject({ code: 0 });
    expect((await readFile(join(folder, 'notes.txt'))).equals(content)).toBe(true);
    expect(await readdir(folder)).toEqual(['notes.txt']);
  });

  it('leaves no file and fails with exit code 1 when the bytes differ from the upload', async () => {
    api.play(json(file), (res) => void res.writeHead(200).end(content.subarray(1)));
    const { code, stderr } = await aion('files', 'download', ID, '-o', 'notes.txt');
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('differ from those uploaded') });
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('a download of an export', () => {
  const linksTo = (url: string) =>
    json({ expires_at: AT, archive: { url: `${url}/archive`, bytes: content.length }, files: [] }, 201);
  /** Sends the requested range. */
  const rest: Step = (res, { headers }) => {
    const start = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
    res.writeHead(start === 0 ? 200 : 206).end(content.subarray(start));
  };

  it('continues with a new link when the connection breaks', async () => {
    const links = linksTo(api.url);
    api.play(links, breakOffWithin(content), links, rest);
    const { code, stderr } = await aion('exports', 'download', ID, '-o', 'bundle.tar');
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('Download interrupted') });
    expect((await readFile(join(folder, 'bundle.tar'))).equals(content)).toBe(true);
    const keys = [0, 2].map((index) => api.seen[index]?.headers['idempotency-key']);
    expect(keys).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/), expect.stringMatching(/^[0-9a-f-]{36}$/)]);
    expect(new Set(keys).size).toBe(2);
  });

  it('continues an earlier download', async () => {
    await writeFile(join(folder, `bundle.tar.${ID}.part`), content.subarray(0, 1_000));
    api.play(linksTo(api.url), rest);
    expect(await aion('exports', 'download', ID, '-o', 'bundle.tar')).toMatchObject({ code: 0 });
    expect(api.seen[1]?.headers.range).toBe('bytes=1000-');
    expect((await readFile(join(folder, 'bundle.tar'))).equals(content)).toBe(true);
    expect(await readdir(folder)).toEqual(['bundle.tar']);
  });
});

describe('a request whose answer', () => {
  const created = Buffer.from(JSON.stringify({ id: ID, name: 'ci', key: 'aion_sk_new' }));
  const create = ['api-keys', 'create', '--name', 'ci', '--scope', 'inference'];

  it('is incomplete is retried with the same idempotency key', async () => {
    api.play(breakOffWithin(created), json(JSON.parse(created.toString()), 201));
    const { code, stdout, stderr } = await aion(...create);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'aion_sk_new\n' });
    expect(stderr).toContain('Retrying');
    expect(api.seen).toHaveLength(2);
    expect(new Set(api.seen.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
  });

  it.each([
    ['is always incomplete', breakOffWithin(created), 'cannot be reached: '],
    ['is not JSON', ((res) => void res.writeHead(200).end('<html>')) satisfies Step, 'is it the API?'],
  ])('%s fails with exit code 3', async (_name, step, message) => {
    api.play(step);
    const { code, stdout, stderr } = await aion(...create);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
  });
});

describe('aion keys rotate', () => {
  it('sends a separate idempotency key with each step', async () => {
    const step = { key_id: '0'.repeat(16), resealed: 1, failed: [], remaining: 0 };
    api.play(json({ ...step, next_cursor: ID }), breakOff, json({ ...step, next_cursor: null }));
    expect(await aion('keys', 'rotate')).toMatchObject({ code: 0 });
    const [first, broken, again] = api.seen.map(({ headers }) => headers['idempotency-key']);
    expect(first).toMatch(/^[0-9a-f-]{36}$/);
    expect(broken).not.toBe(first);
    expect(again).toBe(broken);
  });
});
