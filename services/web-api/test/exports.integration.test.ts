import { generateAgeIdentity } from '@aion/bundle';
import { routes } from '@aion/contracts';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '@aion/testkit';
import { readAnswer, readProblem } from './support/read-answer.ts';
import { startEdge, type Edge, type TestKey } from './support/start-edge.ts';

const SCOPES = ['exports:read', 'exports:write'] as const;

/** Timeout of requests other than watches: short, but long enough for a cold start. */
const REQUEST_TIMEOUT_MS = 2_000;

let edge: Edge;
let tenant: TestKey;
let stranger: TestKey;
let recipient: string;
beforeAll(async () => {
  edge = await startEdge({ AION_REQUEST_TIMEOUT_MS: String(REQUEST_TIMEOUT_MS) });
  tenant = edge.addKey(SCOPES);
  stranger = edge.addKey(SCOPES);
  ({ recipient } = generateAgeIdentity());
});
afterAll(() => edge.stop());

function requestExport(text: string, key = tenant.key): Promise<Response> {
  return edge.request('/api/v1/exports', { method: 'POST', key, body: JSON.stringify({ recipient: text }) });
}

async function newExport(key = tenant.key): Promise<string> {
  const answer = await requestExport(recipient, key);
  expect(answer.status).toBe(202);
  return (await readAnswer(routes.exports.create, answer)).id;
}

async function watch(id: string, headers: Record<string, string> = {}) {
  const abort = new AbortController();
  const answer = await edge.request(`/api/v1/exports/${id}/events`, {
    key: tenant.key,
    headers,
    signal: abort.signal,
  });
  let text = '';
  const ended = (async () => {
    const decoder = new TextDecoder();
    // The chunks of a fetched body are bytes, which its type does not declare.
    for await (const chunk of answer.body ?? []) text += decoder.decode(chunk as Uint8Array, { stream: true });
  })();
  ended.catch(() => undefined);
  return {
    answer,
    ended,
    events: () => Array.from(text.matchAll(/^id: (\d+)\nevent: (\w+)$/gm), ([, id = '', name = '']) => `${id} ${name}`),
    disconnect: () => abort.abort(),
  };
}

describe('an export', () => {
  it('is stored for the tenant of the key, with a UUID of version 7', async () => {
    const id = await newExport();
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    expect(edge.database.exports.get(id)).toMatchObject({ tenant_id: tenant.stored.tenant_id, recipient });
  });

  it.each([
    ['a mistyped character', (text: string) => text.slice(0, -1) + (text.endsWith('q') ? 'p' : 'q')],
    ['two lines', (text: string) => `${text}\n${text}`],
    ['another type of key', () => 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA'],
    ['no characters', () => ''],
  ])('is rejected before anything is stored when its recipient has %s', async (_name, change) => {
    const before = edge.database.calls.get('stored.createExport');
    const answer = await requestExport(change(recipient));
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: 'INVALID_REQUEST', param: 'recipient' });
    expect(edge.database.calls.get('stored.createExport')).toBe(before);
  });

  it('is returned to its tenant only, without internal fields', async () => {
    const id = await newExport();
    const answer = await edge.request(`/api/v1/exports/${id}`, { key: tenant.key });
    // The version of its row is internal: the reader rejects fields that the contract does not declare.
    expect(await readAnswer(routes.exports.get, answer)).toMatchObject({ id, state: 'requested' });
    const foreign = await edge.request(`/api/v1/exports/${id}`, { key: stranger.key });
    const unknown = await edge.request(`/api/v1/exports/${id.replace(/.$/, (c) => (c === '0' ? '1' : '0'))}`, {
      key: stranger.key,
    });
    expect([foreign.status, unknown.status]).toEqual([404, 404]);
    expect((await readProblem(foreign)).detail).toBe((await readProblem(unknown)).detail);
  });

  it('is listed for its tenant only', async () => {
    const own = await newExport();
    const foreign = await newExport(stranger.key);
    const { data } = await readAnswer(
      routes.exports.list,
      await edge.request('/api/v1/exports?limit=100', { key: tenant.key }),
    );
    const ids = data.map(({ id }) => id);
    expect(ids).toContain(own);
    expect(ids).not.toContain(foreign);
    expect((await edge.request('/api/v1/exports?limit=0', { key: tenant.key })).status).toBe(400);
  });
});

describe('the watch of an export', () => {
  it('sends each change as it happens and ends with the export', async () => {
    const id = await newExport();
    const { answer, events, ended } = await watch(id);
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    await waitFor(() => events().length === 1, { describe: 'the first event' });
    edge.database.change(id, { state: 'running' });
    await waitFor(() => events().length === 2, { describe: 'the second event' });
    edge.database.change(id, { state: 'ready' });
    await ended;
    expect(events()).toEqual(['1 progress', '2 progress', '3 ready']);
  });

  it('resumes after Last-Event-ID', async () => {
    const id = await newExport();
    edge.database.change(id, { state: 'running' });
    edge.database.change(id, { state: 'failed', failure: { code: 'X', message: 'why' } });
    const { events, ended } = await watch(id, { 'last-event-id': '2' });
    await ended;
    expect(events()).toEqual(['3 failed']);
    // No event follows: 204 ends the reconnections of an EventSource.
    expect((await watch(id, { 'last-event-id': '3' })).answer.status).toBe(204);
    const all = await watch(id, { 'last-event-id': 'not ours' });
    await all.ended;
    expect(all.events()).toEqual(['3 failed']);
  });

  it('continues beyond the timeout of other requests, and during an outage of database-gateway', async () => {
    const id = await newExport();
    const { events, ended } = await watch(id);
    await waitFor(() => events().length === 1, { describe: 'the first event' });
    const before = edge.database.calls.get('stored.getExport') ?? 0;
    edge.database.isUnavailable = true;
    await waitFor(() => (edge.database.calls.get('stored.getExport') ?? 0) > before + 3, { describe: 'failed reads' });
    await sleep(REQUEST_TIMEOUT_MS + 100);
    edge.database.isUnavailable = false;
    edge.database.change(id, { state: 'ready' });
    await ended;
    expect(events()).toEqual(['1 progress', '2 ready']);
  });

  it('is aborted when its key is revoked', async () => {
    const watcher = edge.addKey(SCOPES);
    const id = await newExport(watcher.key);
    const answer = await edge.request(`/api/v1/exports/${id}/events`, { key: watcher.key });
    const text = answer.text();
    watcher.stored.revoked_at = new Date().toISOString();
    await expect(text).rejects.toThrow('terminated');
  });

  it('stops reading the export when its client has disconnected', async () => {
    const id = await newExport();
    const { events, disconnect } = await watch(id);
    await waitFor(() => events().length === 1, { describe: 'the first event' });
    disconnect();
    let quiet = 0;
    let last = -1;
    await waitFor(
      () => {
        const reads = edge.database.calls.get('stored.getExport') ?? 0;
        quiet = reads === last ? quiet + 1 : 0;
        last = reads;
        return quiet >= 10;
      },
      { describe: 'the reads to stop' },
    );
  });

  it('does not add a span to its trace for each read', async () => {
    const id = await newExport();
    const { answer, events, disconnect } = await watch(id);
    const before = edge.database.calls.get('stored.getExport') ?? 0;
    await waitFor(() => (edge.database.calls.get('stored.getExport') ?? 0) > before + 5, { describe: 'some reads' });
    expect(events()).toEqual(['1 progress']);
    disconnect();
    const traceId = answer.headers.get('traceresponse')?.split('-')[1] ?? '';
    await waitFor(() => edge.spans(traceId).some(({ name }) => name.endsWith('/events')), { describe: 'the span' });
    expect(edge.spans(traceId).filter(({ kind }) => kind === 'client')).toHaveLength(1);
  });

  it('is answered with 404 for another tenant', async () => {
    const id = await newExport(stranger.key);
    expect((await watch(id)).answer.status).toBe(404);
  });

  it('ends cleanly at its time limit', async () => {
    const brief = await startEdge({ AION_STREAM_TIMEOUT_MS: '1000' });
    try {
      const { key } = brief.addKey(SCOPES);
      const body = JSON.stringify({ recipient });
      const { id } = await readAnswer(
        routes.exports.create,
        await brief.request('/api/v1/exports', { method: 'POST', key, body }),
      );
      const answer = await brief.request(`/api/v1/exports/${id}/events`, { key });
      expect(await answer.text()).toContain('event: progress');
    } finally {
      await brief.stop();
    }
  });
});
