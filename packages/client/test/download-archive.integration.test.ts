import { existsSync, statSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { downloadArchive, DamagedArchiveError, UnreachableError, type DownloadArchiveOptions } from '@aion/client';
import { startScriptedServer, type ScriptedServer, type Step } from './support/scripted-server.ts';

const content = Buffer.alloc(100_000, 'content ');
let server: ScriptedServer;
let folder: string;
let partialPath: string;

beforeEach(async () => {
  server = await startScriptedServer();
  folder = await mkdtemp(join(tmpdir(), 'aion-client-'));
  partialPath = join(folder, 'bundle.tar.part');
});
afterEach(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

function download(options: Partial<DownloadArchiveOptions> = {}) {
  return downloadArchive({
    createLinks: () =>
      Promise.resolve({
        expires_at: '2030-01-01T00:00:00.000Z',
        archive: { url: server.url, bytes: content.length },
        files: [],
      }),
    open: (url, headers) => fetch(url, { headers }),
    partialPath,
    onProgress: () => undefined,
    ...options,
  });
}

const sendRange: Step = (response, { headers }) => {
  const start = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
  response.writeHead(start === 0 ? 200 : 206).end(content.subarray(start));
};
const breakOff: Step = (response) => {
  response.writeHead(200, { 'content-length': content.length });
  // Closed only when a part is stored: a connection that is reset earlier loses the bytes that were not read yet.
  const closeWhenStored = (): void => {
    const isStored = existsSync(partialPath) && statSync(partialPath).size > 0;
    if (isStored) response.destroy();
    else setTimeout(closeWhenStored, 5);
  };
  response.write(content.subarray(0, 50_000), closeWhenStored);
};

describe('downloadArchive', () => {
  it('continues a broken transfer where it ended', async () => {
    server.play(breakOff, sendRange);
    const errors: unknown[] = [];
    await download({ onRetry: (error) => errors.push(error) });
    expect((await readFile(partialPath)).equals(content)).toBe(true);
    expect(errors).toEqual([expect.any(UnreachableError)]);
    expect(server.received[1]?.range).toMatch(/^bytes=[1-9]\d*-$/);
  });

  it('continues an earlier download and reports the progress from there', async () => {
    await writeFile(partialPath, content.subarray(0, 1_000));
    server.play(sendRange);
    const started: number[] = [];
    const done: number[] = [];
    await download({ onStart: (bytes) => started.push(bytes), onProgress: (bytes) => done.push(bytes) });
    expect(started).toEqual([1_000]);
    expect(done.at(-1)).toBe(content.length);
    expect((await readFile(partialPath)).equals(content)).toBe(true);
  });

  it('starts over when the server ignores ranges', async () => {
    await writeFile(partialPath, 'bytes of an earlier download');
    server.play((response) => void response.end(content));
    await download();
    expect((await readFile(partialPath)).equals(content)).toBe(true);
  });

  it('requests nothing when all bytes exist', async () => {
    await writeFile(partialPath, content);
    await download();
    expect(server.received).toEqual([]);
  });

  it('removes and rejects an archive that is longer than announced', async () => {
    await writeFile(partialPath, Buffer.alloc(content.length + 1));
    await expect(download()).rejects.toThrow(DamagedArchiveError);
    await expect(readFile(partialPath)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('does not repeat an attempt that failed with a permanent error', async () => {
    let attempts = 0;
    const createLinks = () => {
      attempts += 1;
      return Promise.reject(new Error('rejected'));
    };
    await expect(download({ createLinks })).rejects.toThrow('rejected');
    expect(attempts).toBe(1);
  });

  it('stops retrying when the signal is aborted', async () => {
    server.play(breakOff);
    const controller = new AbortController();
    const onRetry = () => controller.abort(new Error('stopped'));
    await expect(download({ onRetry, signal: controller.signal })).rejects.toThrow('stopped');
    expect(server.received).toHaveLength(1);
  });
});
