import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Logger } from '@aion/logging';
import type { GgufCommand, GgufEvent } from './types.ts';

/** Event of a worker process: a message of the worker, or its exit. */
export type WorkerEvent = Exclude<GgufEvent, { type: 'log' }> | { readonly type: 'exit'; readonly message: string };

/** Child process that runs `gguf-worker.ts`. */
export interface WorkerProcess {
  readonly pid: number;
  readonly isAlive: boolean;
  /** The last output of the process on standard error. */
  readonly stderr: string;
  /** Replaces the listener. A new listener of a process that has exited is called with the exit. */
  listen(listener: (event: WorkerEvent) => void): void;
  post(command: GgufCommand): void;
  /** Kills the process and waits for its exit. */
  kill(): Promise<void>;
}

const MAX_STDERR_CHARS = 2_000;
/** Environment variables of the worker: those that programs need to start, and no secrets of the service. */
const WORKER_ENVIRONMENT = ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'TMP', 'LANG', 'LD_LIBRARY_PATH', 'SystemRoot'];

/** Starts a worker. It exits when this process does, even when this process is killed. */
export function startWorkerProcess(logger: Logger): WorkerProcess {
  const child = fork(fileURLToPath(new URL('gguf-worker.ts', import.meta.url)), {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => WORKER_ENVIRONMENT.includes(name))),
  });
  let stderr = '';
  let end: { readonly type: 'exit'; readonly message: string } | undefined;
  let listener: (event: WorkerEvent) => void = () => undefined;
  const finish = (message: string): void => {
    if (end !== undefined) return;
    end = { type: 'exit', message };
    logger.debug('Model process exited', { pid: child.pid, reason: message, stderr });
    listener(end);
  };
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-MAX_STDERR_CHARS);
  });
  child.on('error', (error) => finish(error.message));
  child.on('exit', (code, signal) => finish(signal === null ? `it exited with code ${code ?? 0}` : `it got ${signal}`));
  child.on('message', (message) => {
    // The other end of this channel is `gguf-worker.ts`, which sends GgufEvent only.
    const event = message as GgufEvent;
    if (event.type === 'log') logger.debug('llama.cpp logged a line', { line: event.message });
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
      // The send fails when the channel has just closed; the exit event that follows notifies the listener.
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
