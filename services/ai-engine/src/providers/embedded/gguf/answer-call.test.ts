import { parseChatRequest } from '../chat-request.ts';
import { answerCall } from './answer-call.ts';
import type { GgufCommand } from './types.ts';
import type { WorkerEvent, WorkerProcess } from './worker-process.ts';

/** Creates a worker that records posted commands and emits events on request. */
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
  return { worker, posted, emit: (event: WorkerEvent) => listener(event) };
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
  it('cancels the generation when its reader stops, and is idle once the worker has stopped', async () => {
    const { worker, posted, emit } = createWorker();
    const { answer, idleCalls } = start(worker, true);
    emit({ type: 'started' });
    const { body } = await answer;
    for await (const _ of body) break;
    expect(posted).toEqual(['generate', 'cancel']);
    expect(idleCalls()).toBe(0);
    emit({ type: 'cancelled' });
    await Promise.resolve();
    expect(idleCalls()).toBe(1);
  });

  it('rejects immediately when the signal is aborted, before the worker has stopped', async () => {
    const { worker, posted, emit } = createWorker();
    const aborter = new AbortController();
    const { answer, idleCalls } = start(worker, false, aborter.signal);
    aborter.abort(new Error('the deadline has passed'));
    await expect(answer).rejects.toThrow('the deadline has passed');
    expect(posted).toEqual(['generate', 'cancel']);
    expect(idleCalls()).toBe(0);
    emit({ type: 'cancelled' });
  });

  it('throws an error that occurs before the body is read to the reader', async () => {
    const { worker, emit } = createWorker();
    const { answer } = start(worker, true);
    emit({ type: 'started' });
    const { body } = await answer;
    emit({ type: 'exit', message: 'it got SIGSEGV' });
    await new Promise((resolve) => setImmediate(resolve));
    const read = async (): Promise<void> => {
      for await (const _ of body) continue;
    };
    await expect(read()).rejects.toMatchObject({ code: 'PROVIDER_FAILED' });
  });

  it('sends the role first and every text in order when all events arrive together', async () => {
    const { worker, emit } = createWorker();
    const { answer } = start(worker, true);
    emit({ type: 'started' });
    emit({ type: 'text', text: 'Hel' });
    emit({ type: 'text', text: 'lo' });
    emit(done);
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
