import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { MeasureRequest, SubjectReply } from './subject.ts';

/** Subject in a separate process, so that its compiled code and its garbage do not affect other subjects. */
export interface SubjectProcess {
  readonly port: number | undefined;
  measure(request: MeasureRequest): Promise<number>;
  /** Returns the number of bytes that it has written to standard output. */
  writtenBytes(): number;
  /** Kills the process and waits until it has exited; may be called again. */
  stop(): Promise<void>;
}

/** Options of {@link startSubject}. */
export interface SubjectProcessOptions {
  readonly otlpEndpoint: string;
  /** Kills the process immediately. */
  readonly signal: AbortSignal;
}

const MAIN = fileURLToPath(new URL('./subject-main.ts', import.meta.url));

/** Starts a subject and waits until it can be measured. @throws Error with the reason when it fails to start */
export async function startSubject(name: string, options: SubjectProcessOptions): Promise<SubjectProcess> {
  const child = fork(MAIN, [name, options.otlpEndpoint], {
    execArgv: [],
    env: plainEnvironment(),
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    signal: options.signal,
    killSignal: 'SIGKILL',
  });
  // An abort between two requests must not crash the benchmark: the next request reports it.
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
    if (ready.kind !== 'ready') throw new Error(`${name} sent a value before it was ready`);
    return {
      port: ready.port,
      writtenBytes: () => writtenBytes,
      stop,
      measure: async (request) => {
        const answer = nextReply(child, name);
        child.send(request);
        const reply = await answer;
        if (reply.kind !== 'value') throw new Error(`${name} returned no value`);
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
  // Only subject-main.ts sends messages over this channel.
  const onMessage = (message: unknown): void => {
    const reply = message as SubjectReply;
    if (reply.kind === 'failure') reject(new Error(`${name} failed: ${reply.message}`));
    else resolve(reply);
  };
  const onError = (error: Error): void => reject(new Error(`The process of ${name} failed`, { cause: error }));
  const onExit = (code: number | null): void =>
    reject(new Error(`The process of ${name} exited (${code ?? 'killed'})`));
  child.once('message', onMessage).once('error', onError).once('exit', onExit);
  if (child.exitCode !== null || child.signalCode !== null) onExit(child.exitCode);
  return promise.finally(() => child.off('message', onMessage).off('error', onError).off('exit', onExit));
}

/** Returns the environment without the variables that change how a subject runs. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(([name]) => name !== 'NODE_OPTIONS' && !name.startsWith('OTEL_'));
  return { ...Object.fromEntries(entries), NODE_ENV: 'production' };
}
