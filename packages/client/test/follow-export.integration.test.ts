import { followExport, UnreachableError, type FollowExportOptions } from '@aion/client';
import { tenantExport, type TenantExport } from '@aion/contracts';
import { startScriptedServer, type ScriptedServer, type Step } from './support/scripted-server.ts';

const ID = '01890a5d-ac96-774b-bcce-b302099a8057';
let server: ScriptedServer;

beforeEach(async () => {
  server = await startScriptedServer();
});
afterEach(() => server.stop());

function follow(options: Partial<FollowExportOptions> = {}): Promise<TenantExport> {
  return followExport({
    connect: (headers) => fetch(server.url, { headers }),
    read: () => Promise.reject(new Error('read')),
    onProgress: () => undefined,
    reconnectDelayMs: 10,
    ...options,
  });
}

function exportIn(state: TenantExport['state']): TenantExport {
  return tenantExport.parse({
    id: ID,
    tenant_id: ID,
    state,
    recipient: `age1${'q'.repeat(58)}`,
    created_at: '2030-01-01T00:00:00.000Z',
    started_at: null,
    finished_at: null,
    progress: { tables_total: 1, tables_done: 0, rows_total: 10, rows: 5, bytes: 100 },
    bundle: null,
    failure: null,
  });
}

/** Sends one event and ends the response. */
function sendEvent(id: number, state: TenantExport['state']): Step {
  return (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(`id: ${id}\ndata: ${JSON.stringify(exportIn(state))}\n\n`);
  };
}

describe('followExport', () => {
  it('reports each state and returns the final one', async () => {
    server.play(sendEvent(1, 'requested'), sendEvent(2, 'running'), sendEvent(3, 'ready'));
    const states: string[] = [];
    const last = await follow({ onProgress: ({ state }) => states.push(state) });
    expect(states).toEqual(['requested', 'running', 'ready']);
    expect(last).toEqual(exportIn('ready'));
  });

  it('continues after the last event received when a connection breaks', async () => {
    server.play(
      (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream', 'content-length': 10_000 });
        response.write(`id: 7\ndata: ${JSON.stringify(exportIn('running'))}\n\n`, () => void response.destroy());
      },
      sendEvent(8, 'failed'),
    );
    expect(await follow()).toEqual(exportIn('failed'));
    expect(server.received.map((headers) => headers['last-event-id'])).toEqual([undefined, '7']);
  });

  it('throws the error of a rejected connection', async () => {
    await expect(follow({ connect: () => Promise.reject(new Error('rejected')) })).rejects.toThrow('rejected');
  });

  it('connects again after a transient error', async () => {
    server.play(sendEvent(1, 'ready'));
    let attempts = 0;
    const connect = (headers: Readonly<Record<string, string>>) => {
      attempts += 1;
      return attempts === 1 ? Promise.reject(new Error('refused')) : fetch(server.url, { headers });
    };
    expect(await follow({ connect, isTransient: () => true })).toEqual(exportIn('ready'));
    expect(attempts).toBe(2);
  });

  it('stops when the signal is aborted', async () => {
    const controller = new AbortController();
    server.play(sendEvent(1, 'running'));
    const onProgress = () => controller.abort(new Error('stopped'));
    await expect(follow({ onProgress, signal: controller.signal })).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('reads the export when 20 successive connections bring no event', async () => {
    server.play((response) => void response.end());
    expect(await follow({ read: () => Promise.resolve(exportIn('ready')) })).toEqual(exportIn('ready'));
    expect(server.received).toHaveLength(20);
    await expect(follow({ read: () => Promise.resolve(exportIn('running')) })).rejects.toThrow(UnreachableError);
  });
});
