import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Provider } from '../src/providers/provider.ts';
import { describeWithProgram, startProcess, waitFor } from '@aion/testkit';
import { createEmbeddedProvider } from '../src/providers/embedded/create-embedded-provider.ts';
import { createRecordingLogger } from './embedded/recording-logger.ts';

/** Sufficient for a model on two busy cores. */
const TIMEOUT_MS = 180_000;
const MODEL = 'embedded/smollm2-135m-instruct';
const CAPITAL = [{ role: 'user', content: 'What is the capital of France?' }];
const STORY = [{ role: 'user', content: 'Tell a very long story about a ship, a king and a war.' }];

/** Part of a completion that the tests read. */
interface Completion {
  readonly choices: readonly [{ readonly message: { readonly content: string }; readonly finish_reason: string }];
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number };
  readonly system_fingerprint: string;
}

/** Part of a stream event that the tests read. */
interface Chunk {
  readonly id: string;
  readonly object: string;
  readonly choices: readonly { readonly delta: { readonly content?: string }; readonly finish_reason: string | null }[];
  readonly usage?: { readonly completion_tokens: number } | null;
}

function toChunk(event: string): Chunk {
  const chunk: Chunk = JSON.parse(event.replace(/^data: /, ''));
  return chunk;
}

let modelsDir: string;
let provider: Provider;
let logger: ReturnType<typeof createRecordingLogger>;

beforeEach(async () => {
  modelsDir = await mkdtemp(path.join(tmpdir(), 'aion-models-'));
  logger = createRecordingLogger();
  provider = createEmbeddedProvider({ modelsDir, logger });
});

afterEach(async () => {
  await provider.close();
  await rm(modelsDir, { recursive: true });
});

function start(body: Record<string, unknown>, stream = false, signal = new AbortController().signal, model = MODEL) {
  return provider.createChatCompletion({ model, body: { temperature: 0, ...body }, stream, signal });
}

async function complete(body: Record<string, unknown>, model = MODEL): Promise<Completion> {
  const response = await start(body, false, undefined, model);
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body) chunks.push(chunk);
  const completion: Completion = JSON.parse(Buffer.concat(chunks).toString());
  return completion;
}

/** Returns the process ids of all model processes, oldest first. */
function pids(): number[] {
  return logger.lines.filter(({ message }) => message === 'Model loaded').map(({ fields }) => Number(fields['pid']));
}

/** Reports whether a process is running; a zombie is not. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const status = `/proc/${pid}/status`;
  return !existsSync(status) || !/^State:\s+[ZX]/m.test(readFileSync(status, 'utf8'));
}

describe('embedded provider without a model file', () => {
  it('lists the extractive model when the folder is missing', async () => {
    const bare = createEmbeddedProvider({ modelsDir: path.join(modelsDir, 'none'), logger });
    expect((await bare.listModels()).map(({ id }) => id)).toEqual(['embedded/extractive']);
    await bare.close();
    const completion = await complete({ messages: CAPITAL }, 'embedded/extractive');
    expect(completion.system_fingerprint).toBe('aion-extractive-2');
  });

  it('ignores files that are not models, warns once for each, and rejects requests for them', async () => {
    await writeFile(path.join(modelsDir, 'page.gguf'), '<html>');
    await writeFile(path.join(modelsDir, 'extractive.gguf'), 'GGUF');
    await writeFile(path.join(modelsDir, 'fog.gguf'), 'GGUF');
    await writeFile(path.join(modelsDir, 'garbage.gguf'), 'GGUF but no more than that');
    await provider.listModels();
    expect(await provider.listModels()).toHaveLength(1);
    expect(logger.lines.map(({ level, fields }) => [level, fields['reason']])).toEqual([
      ['warn', 'its name is that of the built-in model'],
      ['warn', 'it ends within its header'],
      ['warn', 'its GGUF version is 1953849888, supported are versions up to 3'],
      ['warn', 'it does not begin with "GGUF"'],
    ]);
    await expect(complete({ messages: CAPITAL }, 'embedded/page')).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
  });

  it('fails every completion of a broken model file and leaves no process', async () => {
    const header = Buffer.alloc(24);
    header.write('GGUF');
    header.writeUInt32LE(3, 4);
    await writeFile(path.join(modelsDir, 'broken.gguf'), header);
    expect((await provider.listModels()).map(({ id }) => id)).toContain('embedded/broken');
    for (let attempt = 0; attempt < 2; attempt += 1) {
      await expect(complete({ messages: CAPITAL }, 'embedded/broken')).rejects.toMatchObject({
        code: 'PROVIDER_FAILED',
        message: expect.stringContaining('could not start'),
      });
    }
    const ended = logger.lines.filter(({ message }) => message === 'Model process exited');
    expect(ended.map(({ fields }) => isRunning(Number(fields['pid'])))).toEqual([false, false, false]);
  });
});

const ownModel = process.env['AION_TEST_GGUF'] ?? '';
const describeWithModel: typeof describeWithProgram =
  ownModel === '' ? describeWithProgram : (_, title, body) => describe(title, () => body(ownModel));

describeWithModel('smollm2', 'embedded provider with a language model', (modelPath) => {
  beforeEach(() => symlink(modelPath, path.join(modelsDir, 'SmolLM2-135M-Instruct.Q4_1.gguf')));

  it(
    "answers in OpenAI's format with the model's own token counts, identical for identical prompts",
    async () => {
      expect(await provider.listModels()).toContainEqual({
        id: MODEL,
        created: expect.any(Number),
        ownedBy: 'local',
      });
      const first = await complete({ messages: CAPITAL, max_tokens: 32 });
      expect(first).toMatchObject({
        object: 'chat.completion',
        model: MODEL,
        choices: [{ index: 0, message: { role: 'assistant' }, finish_reason: 'stop' }],
        system_fingerprint: 'SmolLM2-135M-Instruct.Q4_1.gguf Q4_1',
      });
      expect(first.choices[0].message.content).toContain('Paris');
      expect(first.usage.completion_tokens).toBeGreaterThan(4);
      const second = await complete({ messages: CAPITAL, max_tokens: 32 });
      expect(second.usage).toEqual(first.usage);
      expect(pids()).toHaveLength(1);
    },
    TIMEOUT_MS,
  );

  it(
    'streams, ends at max_tokens and stop sequences, and treats a special token of the template as text',
    async () => {
      const options = { messages: CAPITAL, max_tokens: 3, stream_options: { include_usage: true } };
      let text = '';
      for await (const chunk of (await start(options, true)).body) text += Buffer.from(chunk).toString();
      const events = text.split('\n\n').slice(0, -1);
      expect(events.pop()).toBe('data: [DONE]');
      const chunks = events.map(toChunk);
      expect(chunks[0]?.choices[0]?.delta).toEqual({ role: 'assistant', content: '' });
      expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('length');
      expect(chunks.at(-1)?.usage?.completion_tokens).toBe(3);
      const stopped = await complete({ messages: CAPITAL, max_tokens: 32, stop: [' France'] });
      expect(stopped.choices[0]).toMatchObject({ message: { content: 'The capital of' }, finish_reason: 'stop' });
      const [plain, special] = await Promise.all(
        ['Hi', 'Hi<|im_end|>'].map((content) => complete({ messages: [{ role: 'user', content }], max_tokens: 1 })),
      );
      expect(special!.usage.prompt_tokens - plain!.usage.prompt_tokens).toBeGreaterThan(1);
    },
    TIMEOUT_MS,
  );

  it(
    'rejects messages that exceed the context before it streams, and requests when its queue is full',
    async () => {
      const messages = [{ role: 'user', content: 'word '.repeat(5_000) }];
      await expect(start({ messages }, true)).rejects.toMatchObject({ code: 'INVALID_REQUEST', param: 'messages' });
      await expect(start({ messages: CAPITAL, n: 2 })).rejects.toMatchObject({ code: 'INVALID_REQUEST', param: 'n' });
      await provider.close();
      provider = createEmbeddedProvider({ modelsDir, logger, maxWaiting: 1 });
      const settled = await Promise.allSettled([0, 1, 2].map(() => complete({ messages: CAPITAL, max_tokens: 2 })));
      expect(settled.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'fulfilled', 'rejected']);
      const rejected = settled.find((result) => result.status === 'rejected');
      expect(rejected?.reason).toMatchObject({ code: 'UNAVAILABLE' });
    },
    TIMEOUT_MS,
  );

  it(
    'stops generating when the signal is aborted or the body is no longer read, and retains the process',
    async () => {
      const aborter = new AbortController();
      const aborted = await start({ messages: STORY, max_tokens: 3_000 }, true, aborter.signal);
      await expect(
        (async () => {
          for await (const _ of aborted.body) aborter.abort(new Error('the client disconnected'));
        })(),
      ).rejects.toThrow('the client disconnected');
      const unread = await start({ messages: STORY, max_tokens: 3_000 }, true);
      for await (const _ of unread.body) break;
      expect((await complete({ messages: CAPITAL, max_tokens: 2 })).usage.completion_tokens).toBe(2);
      expect(pids()).toHaveLength(1);
    },
    TIMEOUT_MS,
  );

  it(
    'fails the request during which the process is killed, and answers the next one from a new process',
    async () => {
      const response = await start({ messages: STORY, max_tokens: 3_000 }, true);
      await expect(
        (async () => {
          for await (const _ of response.body) process.kill(pids()[0]!, 'SIGKILL');
        })(),
      ).rejects.toMatchObject({ code: 'PROVIDER_FAILED', message: expect.stringContaining('SIGKILL') });
      expect((await complete({ messages: CAPITAL, max_tokens: 2 })).usage.completion_tokens).toBe(2);
      expect(new Set(pids()).size).toBe(2);
      await provider.close();
      expect(pids().map(isRunning)).toEqual([false, false]);
      await expect(complete({ messages: CAPITAL })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    },
    TIMEOUT_MS,
  );

  it(
    'leaves no process behind when its own process is killed while it generates',
    async () => {
      const parent = await startProcess({
        args: [path.join(import.meta.dirname, 'embedded/hold-model.ts'), modelsDir, MODEL],
        ready: (output) => /child \d+;/.test(output),
        readyTimeoutMs: TIMEOUT_MS,
      });
      const child = Number(/child (\d+);/.exec(parent.output())?.[1]);
      expect(isRunning(child)).toBe(true);
      await parent.stop('SIGKILL');
      await waitFor(() => !isRunning(child), { describe: 'the end of the orphaned model process' });
    },
    TIMEOUT_MS,
  );
});
