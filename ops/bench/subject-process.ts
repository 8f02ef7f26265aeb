import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { MeasureRequest, SubjectReply } from './subject.ts';

/** A subject in a process of its own: neither its compiled code nor its garbage touches another's. */
export interface SubjectProcess {
  readonly port: number | undefined;
  measure(request: MeasureRequest): Promise<number>;
  /** Bytes that it has written to standard output. */
  writtenBytes(): number;
  /** Ends the process; may be called again. */
  stop(): Promise<void>;
}

/** How a subject's process is started. */
export interface SubjectProcessOptions {
  readonly otlpEndpoint: string;
  /** Ends the process at once. */
  readonly signal: AbortSignal;
}

const MAIN = fileURLToPath(new URL('./subject-main.ts', import.meta.url));

/** Starts a subject and waits until it can be measured. @throws Error when it cannot, with its reason */
export async function startSubject(name: string, options: SubjectProcessOptions): Promise<SubjectProcess> {
  const child = fork(MAIN, [name, options.otlpEndpoint], {
    execArgv: [],
    env: plainEnvironment(),
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    signal: options.signal,
    killSignal: 'SIGKILL',
  });
  // An abort that arrives between two requests must not bring the benchmark down: the next request reports it.
  child.on('error', () => undefined);
  let writtenBytes = 0;
  child.stdout?.on('data', (chunk: Buffer) => {
    writtenBytes += chunk.length;
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  };
  try {
    const ready = await nextReply(child, name);
    if (ready.kind !== 'ready') throw new Error(`${name} answered before it was ready`);
    return {
      port: ready.port,
      writtenBytes: () => writtenBytes,
      stop,
      measure: async (request) => {
        const answer = nextReply(child, name);
        child.send(request);
        const reply = await answer;
        if (reply.kind !== 'value') throw new Error(`${name} gave no value`);
        return reply.value;
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function nextReply(child: ChildProcess, name: string): Promise<SubjectReply> {
  const { promise, resolve, reject } = Promise.withResolvers<SubjectReply>();
  // What comes over the channel is sent by subject-main.ts only.
  const onMessage = (message: unknown): void => {
    const reply = message as SubjectReply;
    if (reply.kind === 'failure') reject(new Error(`${name} failed: ${reply.message}`));
    else resolve(reply);
  };
  const onError = (error: Error): void => reject(new Error(`The process of ${name} broke`, { cause: error }));
  const onExit = (code: number | null): void => reject(new Error(`The process of ${name} ended (${code ?? 'killed'})`));
  child.once('message', onMessage).once('error', onError).once('exit', onExit);
  if (child.exitCode !== null || child.signalCode !== null) onExit(child.exitCode);
  return promise.finally(() => child.off('message', onMessage).off('error', onError).off('exit', onExit));
}

/** The environment without what would change a subject behind the benchmark's back. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => name !== 'NODE_OPTIONS' && !name.startsWith('OTEL_'));
  return { ...Object.fromEntries(kept), NODE_ENV: 'production' };
}
