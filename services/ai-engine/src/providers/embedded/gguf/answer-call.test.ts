import { parseChatRequest } from '../chat-request.ts';
import { answerCall } from './answer-call.ts';
import type { GgufCommand } from './gguf-protocol.ts';
import type { WorkerEvent, WorkerProcess } from './worker-process.ts';

/** A worker that keeps what it is told, and says what the test has it say. */
function createWorker() {
  let listener: (event: WorkerEvent) => void = () => undefined;
  const posted: GgufCommand['type'][] = [];
  const worker: WorkerProcess = {
    pid: 1,
    isAlive: true,
    stderr: '',
    listen: (next) => (listener = next),
    post: ({ type }) => void posted.push(type),
    kill: async () => undefined,
  };
  return { worker, posted, say: (event: WorkerEvent) => listener(event) };
}

function start(worker: WorkerProcess, stream: boolean, signal = new AbortController().signal) {
  const body = { messages: [{ role: 'user', content: 'Hi' }] };
  let idleCalls = 0;
  const answer = answerCall({
    call: { model: 'embedded/tiny', body, stream, signal },
    request: parseChatRequest(body),
    worker,
    systemFingerprint: 'tiny.gguf Q4_1',
    onIdle: () => (idleCalls += 1),
  });
  return { answer, idleCalls: () => idleCalls };
}

const done: WorkerEvent = { type: 'done', finishReason: 'stop', usage: { promptTokens: 1, completionTokens: 1 } };

describe('answerCall', () => {
  it('cancels the generation when its reader leaves, and is idle when the worker has stopped', async () => {
    const { worker, posted, say } = createWorker();
    const { answer, idleCalls } = start(worker, true);
    say({ type: 'started' });
    const { body } = await answer;
    for await (const _ of body) break;
    expect(posted).toEqual(['generate', 'cancel']);
    expect(idleCalls()).toBe(0);
    say({ type: 'cancelled' });
    await Promise.resolve();
    expect(idleCalls()).toBe(1);
  });

  it('rejects at once when the signal is aborted, before the worker has stopped', async () => {
    const { worker, posted, say } = createWorker();
    const aborter = new AbortController();
    const { answer, idleCalls } = start(worker, false, aborter.signal);
    aborter.abort(new Error('the deadline has passed'));
    await expect(answer).rejects.toThrow('the deadline has passed');
    expect(posted).toEqual(['generate', 'cancel']);
    expect(idleCalls()).toBe(0);
    say({ type: 'cancelled' });
  });

  it('keeps an error that comes before the body is read, and throws it to the reader', async () => {
    const { worker, say } = createWorker();
    const { answer } = start(worker, true);
    say({ type: 'started' });
    const { body } = await answer;
    say({ type: 'exit', message: 'it got SIGSEGV' });
    await new Promise((resolve) => setImmediate(resolve));
    const read = async (): Promise<void> => {
      for await (const _ of body) continue;
    };
    await expect(read()).rejects.toMatchObject({ code: 'PROVIDER_FAILED' });
  });

  it('keeps the role first and every text, when all of it comes at once', async () => {
    const { worker, say } = createWorker();
    const { answer } = start(worker, true);
    say({ type: 'started' });
    say({ type: 'text', text: 'Hel' });
    say({ type: 'text', text: 'lo' });
    say(done);
    let text = '';
    for await (const chunk of (await answer).body) text += Buffer.from(chunk).toString();
    expect(text.match(/"delta":\{[^}]*\}/g)).toEqual([
      '"delta":{"role":"assistant","content":""}',
      '"delta":{"content":"Hel"}',
      '"delta":{"content":"lo"}',
      '"delta":{}',
    ]);
  });
});
