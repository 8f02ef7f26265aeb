import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Logger } from '@aion/logging';
import type { GgufCommand, GgufEvent } from './gguf-protocol.ts';

/** What a worker process tells its owner: the worker's own events, and its end. */
export type WorkerEvent = Exclude<GgufEvent, { type: 'log' }> | { readonly type: 'exit'; readonly message: string };

/** A child process that runs `gguf-worker.ts`. */
export interface WorkerProcess {
  readonly pid: number;
  readonly isAlive: boolean;
  /** What the process wrote to its standard error last. */
  readonly stderr: string;
  /** Sets who hears the events from now on; one at a time. A process that has ended tells each new listener so. */
  listen(listener: (event: WorkerEvent) => void): void;
  post(command: GgufCommand): void;
  /** Kills the process and waits for its end. */
  kill(): Promise<void>;
}

const MAX_STDERR_CHARS = 2_000;
/** The worker reads a file and computes: it gets what programs need to start, and none of the service's secrets. */
const PASSED_ENVIRONMENT = ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'TMP', 'LANG', 'LD_LIBRARY_PATH', 'SystemRoot'];

/** Starts a worker; it ends by itself when this process does, by whatever signal. */
export function startWorkerProcess(logger: Logger): WorkerProcess {
  const child = fork(fileURLToPath(new URL('gguf-worker.ts', import.meta.url)), {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => PASSED_ENVIRONMENT.includes(name))),
  });
  let stderr = '';
  let end: { readonly type: 'exit'; readonly message: string } | undefined;
  let listener: (event: WorkerEvent) => void = () => undefined;
  const finish = (message: string): void => {
    if (end !== undefined) return;
    end = { type: 'exit', message };
    logger.debug('A model process ended', { pid: child.pid, reason: message, stderr });
    listener(end);
  };
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-MAX_STDERR_CHARS);
  });
  child.on('error', (error) => finish(error.message));
  child.on('exit', (code, signal) => finish(signal === null ? `it exited with code ${code ?? 0}` : `it got ${signal}`));
  child.on('message', (message) => {
    // Only `gguf-worker.ts` is at the other end of this channel, and it sends nothing but GgufEvent.
    const event = message as GgufEvent;
    if (event.type === 'log') logger.debug('llama.cpp wrote a log line', { line: event.message });
    else listener(event);
  });
  return {
    pid: child.pid ?? -1,
    get isAlive() {
      return end === undefined;
    },
    get stderr() {
      return stderr;
    },
    listen: (next) => {
      listener = next;
      if (end !== undefined) next(end);
    },
    post: (command) => {
      // A channel that has just closed fails the send: the exit event, which follows, is what tells the listener.
      child.send(command, (error) => {
        if (error !== null) child.kill('SIGKILL');
      });
    },
    kill: async () => {
      if (end !== undefined) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}
