import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { request, type ClientRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { callRoute } from '@aion/client/traced';
import { storedFile, type Scope, routes } from '@aion/contracts';
import type { Platform } from '@aion/launcher';
import { waitFor } from '@aion/testkit';
import { z } from 'zod';
import { startTestPlatform } from './support/test-platform.ts';

const MIB = 1_048_576;
const LARGE_BYTES = 300 * MIB;
const { signal } = new AbortController();
const directory = mkdtempSync(join(tmpdir(), 'aion-files-'));
const objects = join(directory, 'state', 'objects');
const crashes: string[] = [];
let platform: Platform;
let owner: string;
let stranger: string;
let reader: string;

beforeAll(async () => {
  const env = { ...process.env, AION_MAX_FILE_BYTES: String(LARGE_BYTES) };
  platform = await startTestPlatform({
    ...{ stateDir: join(directory, 'state'), env },
    onCrash: ({ message }) => crashes.push(message),
  });
  const tenants = [await newTenant(), await newTenant()] as const;
  owner = await newKey(tenants[0], ['files:read', 'files:write', 'audit:read']);
  reader = await newKey(tenants[0], ['files:read']);
  stranger = await newKey(tenants[1], ['files:read', 'files:write']);
}, 90_000);
afterAll(async () => {
  await platform.stop();
  rmSync(directory, { recursive: true, force: true });
}, 60_000);

async function newTenant(): Promise<string> {
  const { baseUrl, operatorKey: key } = platform;
  return (await callRoute(routes.tenants.create, { baseUrl, key, body: { name: 'Files' }, signal })).id;
}

async function newKey(tenant_id: string, scopes: Scope[]): Promise<string> {
  const { baseUrl, operatorKey: key } = platform;
  return (
    await callRoute(routes.apiKeys.create, { baseUrl, key, params: { tenant_id }, body: { name: 'k', scopes }, signal })
  ).key;
}

const send = (key: string, path: string, init: RequestInit = {}) =>
  fetch(`${platform.baseUrl}/api/v1/files${path}`, {
    ...init,
    headers: { authorization: `Bearer ${key}`, ...Object.fromEntries(new Headers(init.headers)) },
  });
const upload = (body: Buffer, headers: Record<string, string> = {}, query = 'name=notes.txt') =>
  send(owner, `?${query}`, { method: 'POST', body: new Uint8Array(body), headers });
const fileOf = async (answer: Response) => storedFile.parse(await answer.json());
const hexOf = (body: Buffer) => createHash('sha256').update(body).digest('hex');
const bytesOf = async (answer: Response) => Buffer.from(await answer.arrayBuffer());
const problemOf = async (answer: Response) =>
  z.object({ code: z.string(), param: z.string().optional() }).parse(await answer.json());

/** The files below the directory of the object store that end with an id, whole or not. */
async function objectsLike(part: string): Promise<string[]> {
  if (!existsSync(objects)) return [];
  // A folder that goes with its last object while it is read is no answer: it is looked again.
  const entries = await waitFor(() => readdir(objects, { recursive: true, withFileTypes: true }), {
    describe: 'the list of objects',
  });
  return entries
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name))
    .filter((path) => path.includes(part));
}

async function rssOf(pid: number | undefined): Promise<number> {
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${String(pid)}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1_024;
}

/** Begins an upload of a length, if it is told, and leaves its body to the test. */
function begin(bytes?: number): ClientRequest {
  const headers = { authorization: `Bearer ${owner}`, ...(bytes === undefined ? {} : { 'content-length': bytes }) };
  const sent = request(`${platform.baseUrl}/api/v1/files?name=large`, { method: 'POST', headers });
  sent.on('error', () => undefined);
  return sent;
}

/** The status that answers an upload; `closed` when the connection ends without one. */
function endOf(sent: ClientRequest): Promise<number | 'closed'> {
  return new Promise((resolve) => {
    sent.once('response', (answer) => resolve(answer.resume().statusCode ?? 0));
    sent.once('close', () => resolve('closed'));
  });
}

async function write(sent: ClientRequest, chunk: Buffer): Promise<void> {
  if (!sent.write(chunk)) await new Promise((resolve) => sent.once('drain', resolve));
}

describe('a file', () => {
  it('comes back as it was sent, with its hash, whole and in parts, as an attachment', async () => {
    const body = randomBytes(300_000);
    const answer = await upload(body, { 'content-type': 'text/html' }, `name=${encodeURIComponent('Grüße "1".html')}`);
    expect(answer.status).toBe(201);
    const file = await fileOf(answer);
    expect(file).toMatchObject({
      name: 'Grüße "1".html',
      bytes: 300_000,
      sha256: hexOf(body),
      content_type: 'text/html',
    });
    expect(await fileOf(await send(reader, `/${file.id}`))).toEqual(file);
    const whole = await send(reader, `/${file.id}/content`);
    expect(whole.status).toBe(200);
    expect(Object.fromEntries(whole.headers)).toMatchObject({
      ...{ 'content-type': 'application/octet-stream', etag: `"${file.sha256}"`, 'x-content-type-options': 'nosniff' },
      'content-disposition': `attachment; filename="Gr__e _1_.html"; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20%221%22.html`,
    });
    expect((await bytesOf(whole)).equals(body)).toBe(true);
    const part = await send(reader, `/${file.id}/content`, { headers: { range: 'bytes=1000-1999' } });
    expect(part.status).toBe(206);
    expect((await bytesOf(part)).equals(body.subarray(1_000, 2_000))).toBe(true);
    const beyond = await send(reader, `/${file.id}/content`, { headers: { range: 'bytes=300000-' } });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */300000']);
    const events = await fetch(`${platform.baseUrl}/api/v1/audit-events?target_id=${file.id}`, {
      headers: { authorization: `Bearer ${owner}` },
    });
    const { data } = z.object({ data: z.array(z.object({ action: z.string() })) }).parse(await events.json());
    expect(data.map(({ action }) => action)).toEqual(['file.downloaded', 'file.downloaded', 'file.uploaded']);
  });

  it('may be empty', async () => {
    const file = await fileOf(await upload(Buffer.alloc(0)));
    expect(file).toMatchObject({ bytes: 0, content_type: 'application/octet-stream', sha256: hexOf(Buffer.alloc(0)) });
    expect((await bytesOf(await send(reader, `/${file.id}/content`))).length).toBe(0);
  });

  it('is refused when it is not what Content-Digest says, and by those who may not, and leaves no object', async () => {
    const before = await objectsLike('');
    const digest = (text: string) => ({
      'content-digest': `sha-256=:${createHash('sha256').update(text).digest('base64')}:`,
    });
    const wrong = await upload(Buffer.from('one'), digest('two'));
    expect([wrong.status, (await problemOf(wrong)).param]).toEqual([400, 'Content-Digest']);
    expect((await upload(Buffer.from('one'), { 'content-encoding': 'gzip' })).status).toBe(400);
    expect((await upload(Buffer.from('one'), {}, 'name=')).status).toBe(400);
    const absent = await upload(Buffer.from('one'), {}, 'name=x&project_id=01890a5d-ac96-774b-bcce-b302099a8057');
    expect([absent.status, (await problemOf(absent)).param]).toEqual([404, 'project_id']);
    expect((await send(reader, '?name=x', { method: 'POST', body: 'one' })).status).toBe(403);
    await untilNothingIsNew(before, 'the objects to be removed');
    const right = await fileOf(await upload(Buffer.from('two'), digest('two')));
    expect(right.bytes).toBe(3);
  });

  it('is one for the same bytes with the same Idempotency-Key, and other bytes are refused', async () => {
    const headers = { 'idempotency-key': 'file-1' };
    const first = await fileOf(await upload(Buffer.from('same'), headers));
    const again = await upload(Buffer.from('same'), headers);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(await fileOf(again)).toEqual(first);
    expect((await upload(Buffer.from('other'), headers)).status).toBe(422);
    const tenantObjects = await objectsLike(first.tenant_id);
    expect(tenantObjects.filter((path) => path.endsWith(first.id))).toHaveLength(1);
  });

  it("is not another tenant's to see, to read or to delete", async () => {
    const file = await fileOf(await upload(Buffer.from('private')));
    for (const [path, init] of [
      ['', {}],
      ['/content', {}],
      ['', { method: 'DELETE' }],
    ] as const) {
      expect((await send(stranger, `/${file.id}${path}`, init)).status).toBe(404);
    }
    expect(JSON.stringify(await (await send(stranger, '')).json())).not.toContain(file.id);
    // An operator may know of it, and not read it.
    const headers = { 'x-aion-tenant': file.tenant_id };
    expect((await send(platform.operatorKey, `/${file.id}`, { headers })).status).toBe(200);
    expect((await send(platform.operatorKey, `/${file.id}/content`, { headers })).status).toBe(403);
  });

  it('is gone with its bytes once it is deleted', async () => {
    const file = await fileOf(await upload(Buffer.from('short-lived')));
    expect(await objectsLike(file.id)).toHaveLength(1);
    expect((await send(reader, `/${file.id}`, { method: 'DELETE' })).status).toBe(403);
    expect((await send(owner, `/${file.id}`, { method: 'DELETE' })).status).toBe(204);
    expect((await send(owner, `/${file.id}/content`)).status).toBe(404);
    await waitFor(async () => (await objectsLike(file.id)).length === 0, { describe: 'the bytes to be removed' });
  });
});

/** What was deleted before may go meanwhile: nothing that has come since may stay. */
function untilNothingIsNew(before: readonly string[], describe: string): Promise<true> {
  return waitFor(async () => (await objectsLike('')).every((path) => before.includes(path)), { describe });
}

/** Uploads a file as it is made and downloads it. Gives the most memory that web-api has had meanwhile. */
async function streamThrough(bytes: number): Promise<number> {
  const chunk = randomBytes(MIB);
  const hash = createHash('sha256');
  const pid = platform.pids['web-api'];
  let peak = 0;
  const sent = begin(bytes);
  const answered = endOf(sent);
  for (let at = 0; at < bytes; at += MIB) {
    chunk.writeUInt32LE(at, 0);
    hash.update(chunk);
    await write(sent, Buffer.from(chunk));
    if (at % (10 * MIB) === 0) peak = Math.max(peak, await rssOf(pid));
  }
  sent.end();
  expect(await answered).toBe(201);
  const listed = z.object({ data: z.array(storedFile) }).parse(await (await send(owner, '?limit=1')).json());
  const [file] = listed.data;
  const sha256 = hash.digest('hex');
  expect(file).toMatchObject({ name: 'large', bytes, sha256 });
  const received = createHash('sha256');
  const { body } = await send(reader, `/${file?.id ?? ''}/content`);
  for await (const part of (body ?? []) as AsyncIterable<Uint8Array>) {
    received.update(part);
    peak = Math.max(peak, await rssOf(pid));
  }
  expect(received.digest('hex')).toBe(sha256);
  expect((await send(owner, `/${file?.id ?? ''}`, { method: 'DELETE' })).status).toBe(204);
  return peak;
}

describe('a large file', () => {
  it('streams in and out in memory that does not depend on its size, up to the limit', async () => {
    // One of a third of the size first: what the process grows by once, it has then grown by.
    const third = await streamThrough(LARGE_BYTES / 3);
    const whole = await streamThrough(LARGE_BYTES);
    // Garbage that is not yet collected is tens of MiB, more or less; a body that is held would be two thirds of the size.
    expect(whole - third).toBeLessThan(LARGE_BYTES / 3);
  }, 60_000);

  it('is refused above the limit before a byte of it, when its length is told', async () => {
    const before = await objectsLike('');
    const sent = begin(LARGE_BYTES + 1);
    sent.flushHeaders();
    expect(await endOf(sent)).toBe(413);
    sent.destroy();
    await untilNothingIsNew(before, 'the objects to be removed');
  });

  it('is refused at the limit, when its length is not told', async () => {
    const before = await objectsLike('');
    const chunk = randomBytes(MIB);
    const sent = begin();
    const ended = endOf(sent);
    let end: number | 'closed' | undefined;
    let sentBytes = 0;
    while (end === undefined && sentBytes < 2 * LARGE_BYTES) {
      // When nobody reads any more, it is answered or closed.
      end = await Promise.race([write(sent, chunk).then(() => undefined), ended]);
      sentBytes += MIB;
    }
    // A connection that is closed with bytes underway may take the answer with it.
    expect([413, 'closed']).toContain(end);
    expect(sentBytes).toBeGreaterThan(LARGE_BYTES);
    sent.destroy();
    await untilNothingIsNew(before, 'the object to be removed');
  }, 60_000);

  it('leaves nothing when its sender goes away in the middle', async () => {
    const before = await objectsLike('');
    const sent = begin(50 * MIB);
    for (let mib = 0; mib < 5; mib += 1) await write(sent, randomBytes(MIB));
    await waitFor(async () => (await objectsLike('.incomplete')).length > 0, { describe: 'the object to be written' });
    sent.destroy();
    await untilNothingIsNew(before, 'it to be removed');
  }, 20_000);

  it('is no file, and no object, when web-api is killed in the middle', async () => {
    const listed = async () => JSON.stringify(await (await send(owner, '?limit=100')).json());
    const before = await listed();
    const sent = begin(50 * MIB);
    for (let mib = 0; mib < 5; mib += 1) await write(sent, randomBytes(MIB));
    await waitFor(async () => (await objectsLike('.incomplete')).length > 0, { describe: 'the object to be written' });
    const whole = async () => (await objectsLike('/files/')).toSorted();
    const objectsBefore = await whole();
    const pid = platform.pids['web-api'] ?? 0;
    process.kill(pid, 'SIGKILL');
    await waitFor(() => crashes.length > 0, { describe: 'the end of web-api' });
    await platform.restart('web-api');
    expect(await listed()).toBe(before);
    expect(await whole()).toEqual(objectsBefore);
  }, 60_000);
});
