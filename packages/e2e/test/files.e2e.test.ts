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
    stateDir: join(directory, 'state'),
    env,
    onCrash: ({ message }) => crashes.push(message),
  });
  const tenants = [await createTenant(), await createTenant()] as const;
  owner = await createKey(tenants[0], ['files:read', 'files:write', 'audit:read']);
  reader = await createKey(tenants[0], ['files:read']);
  stranger = await createKey(tenants[1], ['files:read', 'files:write']);
}, 90_000);
afterAll(async () => {
  await platform.stop();
  rmSync(directory, { recursive: true, force: true });
}, 60_000);

async function createTenant(): Promise<string> {
  const { baseUrl, operatorKey: key } = platform;
  return (await callRoute(routes.tenants.create, { baseUrl, key, body: { name: 'Files' }, signal })).id;
}

async function createKey(tenant_id: string, scopes: Scope[]): Promise<string> {
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

/** Lists the files of the object store whose path contains a text, including incomplete ones. */
async function listObjects(part: string): Promise<string[]> {
  if (!existsSync(objects)) return [];
  // Reading fails if a folder is removed with its last object meanwhile: try again.
  const entries = await waitFor(() => readdir(objects, { recursive: true, withFileTypes: true }), {
    describe: 'the list of objects',
  });
  return entries
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name))
    .filter((path) => path.includes(part));
}

async function readResidentBytes(pid: number | undefined): Promise<number> {
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${String(pid)}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1_024;
}

/** Begins an upload, with a Content-Length if `bytes` is given; the test writes the body. */
function beginUpload(bytes?: number): ClientRequest {
  const headers = { authorization: `Bearer ${owner}`, ...(bytes === undefined ? {} : { 'content-length': bytes }) };
  const sent = request(`${platform.baseUrl}/api/v1/files?name=large`, { method: 'POST', headers });
  sent.on('error', () => undefined);
  return sent;
}

/** Returns the status of the response to an upload, or `closed` if the connection ends without one. */
function readStatus(sent: ClientRequest): Promise<number | 'closed'> {
  return new Promise((resolve) => {
    sent.once('response', (answer) => resolve(answer.resume().statusCode ?? 0));
    sent.once('close', () => resolve('closed'));
  });
}

async function write(sent: ClientRequest, chunk: Buffer): Promise<void> {
  if (!sent.write(chunk)) await new Promise((resolve) => sent.once('drain', resolve));
}

describe('a file', () => {
  it('is downloaded as it was uploaded, completely or in ranges, with its hash and as an attachment', async () => {
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
    const complete = await send(reader, `/${file.id}/content`);
    expect(complete.status).toBe(200);
    expect(Object.fromEntries(complete.headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      etag: `"${file.sha256}"`,
      'x-content-type-options': 'nosniff',
      'content-disposition': `attachment; filename="Gr__e _1_.html"; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20%221%22.html`,
    });
    expect((await bytesOf(complete)).equals(body)).toBe(true);
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

  it('is rejected without leaving an object if its digest, encoding, name, project or scope is wrong', async () => {
    const before = await listObjects('');
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
    await waitUntilNoNewObjects(before, 'the objects to be removed');
    const right = await fileOf(await upload(Buffer.from('two'), digest('two')));
    expect(right.bytes).toBe(3);
  });

  it('is created once per Idempotency-Key, and other bytes with the same key are rejected', async () => {
    const headers = { 'idempotency-key': 'file-1' };
    const first = await fileOf(await upload(Buffer.from('same'), headers));
    const again = await upload(Buffer.from('same'), headers);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(await fileOf(again)).toEqual(first);
    expect((await upload(Buffer.from('other'), headers)).status).toBe(422);
    const tenantObjects = await listObjects(first.tenant_id);
    expect(tenantObjects.filter((path) => path.endsWith(first.id))).toHaveLength(1);
  });

  it('cannot be listed, read or deleted by another tenant', async () => {
    const file = await fileOf(await upload(Buffer.from('private')));
    for (const [path, init] of [
      ['', {}],
      ['/content', {}],
      ['', { method: 'DELETE' }],
    ] as const) {
      expect((await send(stranger, `/${file.id}${path}`, init)).status).toBe(404);
    }
    expect(JSON.stringify(await (await send(stranger, '')).json())).not.toContain(file.id);
    // An operator may read its metadata, but not its content.
    const headers = { 'x-aion-tenant': file.tenant_id };
    expect((await send(platform.operatorKey, `/${file.id}`, { headers })).status).toBe(200);
    expect((await send(platform.operatorKey, `/${file.id}/content`, { headers })).status).toBe(403);
  });

  it('is removed together with its bytes when it is deleted', async () => {
    const file = await fileOf(await upload(Buffer.from('short-lived')));
    expect(await listObjects(file.id)).toHaveLength(1);
    expect((await send(reader, `/${file.id}`, { method: 'DELETE' })).status).toBe(403);
    expect((await send(owner, `/${file.id}`, { method: 'DELETE' })).status).toBe(204);
    expect((await send(owner, `/${file.id}/content`)).status).toBe(404);
    await waitFor(async () => (await listObjects(file.id)).length === 0, { describe: 'the bytes to be removed' });
  });
});

/** Waits until no object remains that did not exist before; earlier objects may be deleted meanwhile. */
function waitUntilNoNewObjects(before: readonly string[], describe: string): Promise<true> {
  return waitFor(async () => (await listObjects('')).every((path) => before.includes(path)), { describe });
}

/** Uploads a file while it is generated, and downloads it. Returns the peak resident memory of web-api. */
async function streamThrough(bytes: number): Promise<number> {
  const chunk = randomBytes(MIB);
  const hash = createHash('sha256');
  const pid = platform.pids['web-api'];
  let peak = 0;
  const sent = beginUpload(bytes);
  const answered = readStatus(sent);
  for (let at = 0; at < bytes; at += MIB) {
    chunk.writeUInt32LE(at, 0);
    hash.update(chunk);
    await write(sent, Buffer.from(chunk));
    if (at % (10 * MIB) === 0) peak = Math.max(peak, await readResidentBytes(pid));
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
    peak = Math.max(peak, await readResidentBytes(pid));
  }
  expect(received.digest('hex')).toBe(sha256);
  expect((await send(owner, `/${file?.id ?? ''}`, { method: 'DELETE' })).status).toBe(204);
  return peak;
}

describe('a large file', () => {
  it('is uploaded and downloaded with memory that does not depend on its size', async () => {
    // A file of a third of the size first, which causes the one-time growth of the process.
    const third = await streamThrough(LARGE_BYTES / 3);
    const complete = await streamThrough(LARGE_BYTES);
    // Uncollected garbage is some tens of MiB; a buffered body would add two thirds of the size.
    expect(complete - third).toBeLessThan(LARGE_BYTES / 3);
  }, 60_000);

  it('is rejected before its first byte if its Content-Length exceeds the limit', async () => {
    const before = await listObjects('');
    const sent = beginUpload(LARGE_BYTES + 1);
    sent.flushHeaders();
    expect(await readStatus(sent)).toBe(413);
    sent.destroy();
    await waitUntilNoNewObjects(before, 'the objects to be removed');
  });

  it('is rejected when it reaches the limit without a Content-Length', async () => {
    const before = await listObjects('');
    const chunk = randomBytes(MIB);
    const sent = beginUpload();
    const ended = readStatus(sent);
    let end: number | 'closed' | undefined;
    let sentBytes = 0;
    while (end === undefined && sentBytes < 2 * LARGE_BYTES) {
      // When the server stops reading, it responds or closes the connection.
      end = await Promise.race([write(sent, chunk).then(() => undefined), ended]);
      sentBytes += MIB;
    }
    // The response may be lost if the connection is closed while bytes are in flight.
    expect([413, 'closed']).toContain(end);
    expect(sentBytes).toBeGreaterThan(LARGE_BYTES);
    sent.destroy();
    await waitUntilNoNewObjects(before, 'the object to be removed');
  }, 60_000);

  it('leaves no object when the client disconnects during the upload', async () => {
    const before = await listObjects('');
    const sent = beginUpload(50 * MIB);
    for (let mib = 0; mib < 5; mib += 1) await write(sent, randomBytes(MIB));
    await waitFor(async () => (await listObjects('.incomplete')).length > 0, { describe: 'the object to be written' });
    sent.destroy();
    await waitUntilNoNewObjects(before, 'the object to be removed');
  }, 20_000);

  it('leaves neither a file nor an object when web-api is killed during the upload', async () => {
    const listed = async () => JSON.stringify(await (await send(owner, '?limit=100')).json());
    const before = await listed();
    const sent = beginUpload(50 * MIB);
    for (let mib = 0; mib < 5; mib += 1) await write(sent, randomBytes(MIB));
    await waitFor(async () => (await listObjects('.incomplete')).length > 0, { describe: 'the object to be written' });
    const completeObjects = async () => (await listObjects('/files/')).toSorted();
    const objectsBefore = await completeObjects();
    const pid = platform.pids['web-api'] ?? 0;
    process.kill(pid, 'SIGKILL');
    await waitFor(() => crashes.length > 0, { describe: 'the end of web-api' });
    await platform.restart('web-api');
    expect(await listed()).toBe(before);
    expect(await completeObjects()).toEqual(objectsBefore);
  }, 60_000);
});
