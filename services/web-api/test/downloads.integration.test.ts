import { createHash, randomBytes } from 'node:crypto';
import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createTarSource } from '@aion/bundle';
import { routes } from '@aion/contracts';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { readAnswer, readProblem } from './support/read-answer.ts';
import { startEdge, type Edge, type TestKey } from './support/start-edge.ts';

const SCOPES = ['exports:read', 'exports:write'] as const;
const RECIPIENT = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';
const REJECTED = 'The link has expired or was changed; create a new one.';

let edge: Edge;
let tenant: TestKey;
let stranger: TestKey;
beforeAll(async () => {
  edge = await startEdge();
  tenant = edge.addKey(SCOPES);
  stranger = edge.addKey(SCOPES);
});
afterAll(() => edge.stop());

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

async function newExport(owner: TestKey): Promise<string> {
  const body = JSON.stringify({ recipient: RECIPIENT });
  const answer = await edge.request('/api/v1/exports', { method: 'POST', key: owner.key, body });
  return (await readAnswer(routes.exports.create, answer)).id;
}

/** Creates a ready export with a bundle of random files in the object store. */
async function readyExport(owner: TestKey) {
  const id = await newExport(owner);
  const contents = new Map([
    ['bagit.txt', Buffer.from('BagIt-Version: 1.0\n')],
    ['data/t0001-p00000.ndjson.zst.age', randomBytes(700_000)],
    ['data/empty.age', Buffer.alloc(0)],
    ['data/t0002-p00000.ndjson.zst.age', randomBytes(100_001)],
  ]);
  const files = [];
  for (const [path, bytes] of contents) {
    const key = `exports/${id}/1/${path}`;
    await mkdir(dirname(join(edge.objectsDir, key)), { recursive: true });
    await writeFile(join(edge.objectsDir, key), bytes);
    files.push({ path, key, bytes: bytes.length, sha256: sha256(bytes) });
  }
  edge.database.bundles.set(id, { finished_at: '2026-01-31T12:00:00.000Z', files });
  edge.database.change(id, { state: 'ready' });
  return { id, contents };
}

async function createLinks(id: string, owner: TestKey) {
  const answer = await edge.request(`/api/v1/exports/${id}/download-links`, { method: 'POST', key: owner.key });
  expect(answer.status).toBe(201);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  return readAnswer(routes.exports.createDownloadLinks, answer);
}

const bytesOf = async (answer: Response) => Buffer.from(await answer.arrayBuffer());

describe('download links', () => {
  it('are valid for five minutes, and their creation is recorded', async () => {
    const { id, contents } = await readyExport(tenant);
    const links = await createLinks(id, tenant);
    const lifetimeMs = Date.parse(links.expires_at) - Date.now();
    expect(lifetimeMs).toBeGreaterThan(290_000);
    expect(lifetimeMs).toBeLessThanOrEqual(300_000);
    expect(links.files.map(({ path }) => path)).toEqual([...contents.keys()]);
    expect(links.archive.url.startsWith(`${edge.url}/api/v1/exports/${id}/archive?`)).toBe(true);
    expect(edge.database.callers.get('createDownloadLinks')).toMatchObject({
      tenant_id: tenant.stored.tenant_id,
      actor: `api_key:${tenant.stored.id}`,
    });
  });

  it('are rejected for an export that is not ready, and for that of another tenant', async () => {
    const id = await newExport(tenant);
    const path = `/api/v1/exports/${id}/download-links`;
    expect((await edge.request(path, { method: 'POST', key: tenant.key })).status).toBe(409);
    expect((await edge.request(path, { method: 'POST', key: stranger.key })).status).toBe(404);
  });

  it('never give access to the bundle of another tenant, whatever is changed in them', async () => {
    const own = await readyExport(tenant);
    const foreign = await readyExport(stranger);
    const { archive, files } = await createLinks(own.id, tenant);
    for (const { url } of [archive, ...files]) {
      const changed = [
        url.replace(own.id, foreign.id),
        url.replace(tenant.stored.tenant_id, stranger.stored.tenant_id),
        url.replace(own.id, foreign.id).replace(tenant.stored.tenant_id, stranger.stored.tenant_id),
        url.replace(/expires=\d+/, 'expires=9999999999'),
        `${url}&path=bagit.txt`,
        url.replace('/archive?', '/file?path=bagit.txt&'),
        url.replace(/signature=./, 'signature=-'),
      ].filter((candidate) => candidate !== url);
      for (const candidate of changed) {
        const rejected = await fetch(candidate);
        expect([candidate.slice(edge.url.length), rejected.status]).toEqual([candidate.slice(edge.url.length), 403]);
        expect((await readProblem(rejected)).detail).toBe(REJECTED);
      }
    }
    expect(edge.database.downloads).toEqual([]);
  });
});

describe('an existing download link', () => {
  const states: [string, (owner: TestKey) => void][] = [
    ['the key that created it is revoked', ({ stored }) => (stored.revoked_at = new Date().toISOString())],
    ['the key has expired', ({ stored }) => (stored.expires_at = new Date().toISOString())],
    ['the user of the key has left the tenant', ({ stored }) => (stored.user_id = stored.id)],
    ['the user of the key may no longer read exports', ({ stored }) => (stored.role = 'member')],
    ['the tenant is closed', ({ stored }) => (stored.tenant_state = 'closed')],
  ];
  it.each(states)('works until %s', async (_name, change) => {
    const owner = edge.addKey(SCOPES);
    const { id } = await readyExport(owner);
    const { archive, files } = await createLinks(id, owner);
    const [file] = files;
    expect((await fetch(archive.url, { method: 'HEAD' })).status).toBe(200);
    change(owner);
    // The lookup of the key is cached for less than a second.
    await sleep(1_000);
    for (const url of [archive.url, file?.url ?? '']) {
      const rejected = await fetch(url);
      expect(rejected.status).toBe(403);
      expect((await readProblem(rejected)).detail).toBe(REJECTED);
    }
  });
});

describe('the download of one file', () => {
  it('returns its bytes with size, digest and name, and is recorded', async () => {
    const { id, contents } = await readyExport(tenant);
    const { files } = await createLinks(id, tenant);
    for (const { url, path, bytes, sha256: digest } of files) {
      const answer = await fetch(url);
      expect(answer.status).toBe(200);
      expect(sha256(await bytesOf(answer))).toBe(digest);
      expect(sha256(contents.get(path)!)).toBe(digest);
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        'content-type': 'application/octet-stream',
        'content-length': String(bytes),
        etag: `"${digest}"`,
        'accept-ranges': 'bytes',
        'cache-control': 'no-store',
        'content-disposition': `attachment; filename="${path.split('/').at(-1)}"`,
      });
    }
    const recorded = edge.database.downloads.filter((event) => event.exportId === id && event.path !== null);
    expect(recorded.map(({ path }) => path)).toEqual([...contents.keys()]);
    expect(recorded[0]).toMatchObject({ actor: `signed-url:${tenant.stored.id}` });
  });

  it('returns the requested range, and 416 for a range outside of the file', async () => {
    const { id, contents } = await readyExport(tenant);
    const { files } = await createLinks(id, tenant);
    const file = files[1]!;
    const whole = contents.get(file.path)!;
    const get = (range: string) => fetch(file.url, { headers: { range } });
    const middle = await get('bytes=1000-1999');
    expect(middle.status).toBe(206);
    expect(middle.headers.get('content-range')).toBe(`bytes 1000-1999/${whole.length}`);
    expect(middle.headers.get('content-length')).toBe('1000');
    expect(await bytesOf(middle)).toEqual(whole.subarray(1000, 2000));
    expect(await bytesOf(await get('bytes=-5'))).toEqual(whole.subarray(-5));
    const outside = await get(`bytes=${whole.length}-`);
    expect(outside.status).toBe(416);
    expect(outside.headers.get('content-range')).toBe(`bytes */${whole.length}`);
    expect((await get('bytes=0-1,5-6')).status).toBe(200);
  });

  it('returns the complete file when If-Range names another version', async () => {
    const { id } = await readyExport(tenant);
    const { files } = await createLinks(id, tenant);
    const file = files[1]!;
    const get = (condition: string) => fetch(file.url, { headers: { range: 'bytes=5-', 'if-range': condition } });
    expect((await get(`"${file.sha256}"`)).status).toBe(206);
    expect((await get('"another"')).status).toBe(200);
  });

  it('answers HEAD without bytes and without a record', async () => {
    const { id } = await readyExport(tenant);
    const { files } = await createLinks(id, tenant);
    const answer = await fetch(files[1]!.url, { method: 'HEAD', headers: { range: 'bytes=0-1' } });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-length')).toBe('700000');
    expect(edge.database.downloads.some((event) => event.exportId === id && event.path !== null)).toBe(false);
  });

  it('fails when it cannot be recorded', async () => {
    const { id } = await readyExport(tenant);
    const { files } = await createLinks(id, tenant);
    edge.database.cannotRecord = true;
    const answer = await fetch(files[1]!.url);
    edge.database.cannotRecord = false;
    expect(answer.status).toBe(503);
  });

  it('is aborted when the stored object is shorter than the finalized file', async () => {
    const { id } = await readyExport(tenant);
    const { files, archive } = await createLinks(id, tenant);
    const file = files[1]!;
    await truncate(join(edge.objectsDir, `exports/${id}/1/${file.path}`), 300_000);
    await expect(fetch(file.url).then(bytesOf)).rejects.toThrow();
    await expect(fetch(archive.url).then(bytesOf)).rejects.toThrow();
  });
});

describe('the download of the archive', () => {
  it('returns a tar archive of all files, with the announced size', async () => {
    const { id, contents } = await readyExport(tenant);
    const { archive } = await createLinks(id, tenant);
    const answer = await fetch(archive.url);
    expect(answer.headers.get('content-type')).toBe('application/x-tar');
    expect(answer.headers.get('content-disposition')).toBe(`attachment; filename="aion-export-${id}.tar"`);
    const bytes = await bytesOf(answer);
    expect(bytes.length).toBe(archive.bytes);
    const file = join(edge.objectsDir, `${id}.tar`);
    await writeFile(file, bytes);
    const source = createTarSource(file);
    expect(await source.list()).toEqual([...contents.keys()]);
    for (const [path, content] of contents) {
      const member: Readable = await source.read(path);
      expect(sha256(await buffer(member))).toBe(sha256(content));
    }
    expect(edge.database.downloads.at(-1)).toMatchObject({ exportId: id, path: null });
  });

  it('can be resumed after an interruption, also with a newer link, and yields the same bytes', async () => {
    const { id } = await readyExport(tenant);
    const { archive } = await createLinks(id, tenant);
    const whole = await fetch(archive.url);
    const etag = whole.headers.get('etag') ?? '';
    const expected = await bytesOf(whole);
    const parts: Buffer[] = [];
    for (const start of [0, 1, 512, 1_000, 300_000, 701_000]) {
      // Each attempt downloads a few bytes with a new link.
      const { archive: fresh } = await createLinks(id, tenant);
      const received = Buffer.concat(parts).length;
      expect(received).toBe(start);
      const next = [1, 512, 1_000, 300_000, 701_000, expected.length][parts.length] ?? 0;
      const range = next === expected.length ? `bytes=${start}-` : `bytes=${start}-${next - 1}`;
      const answer = await fetch(fresh.url, { headers: { range, 'if-range': etag } });
      expect(answer.status).toBe(206);
      expect(answer.headers.get('etag')).toBe(etag);
      parts.push(await bytesOf(answer));
    }
    expect(sha256(Buffer.concat(parts))).toBe(sha256(expected));
  });
});
