import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { Socket } from 'node:net';

/** A named pipe with a reader that can stall, disconnect and return, like a log collector. */
export interface LogPipe {
  /** File descriptor for the standard output of writers. */
  readonly writeEnd: number;
  /** Returns all text read so far. */
  text(): string;
  /** Stops reading: writes fill the pipe and then the buffers of the writers. */
  stall(): void;
  /** Continues reading, or connects a new reader. */
  resume(): void;
  /** Closes the reader: writers receive EPIPE. */
  disconnect(): Promise<void>;
  close(): Promise<void>;
}

/** Creates a named pipe and reads it. */
export function openLogPipe(path: string): LogPipe {
  execFileSync('mkfifo', ['-m', '600', path]);
  let text = '';
  let reader: Socket | undefined;
  const read = (): Socket => {
    // Non-blocking, because there is no writer yet, and opening the writer blocks until there is a reader.
    const socket = new Socket({ fd: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK), writable: false });
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    return socket;
  };
  const disconnect = async (): Promise<void> => {
    const closing = reader;
    reader = undefined;
    if (closing === undefined || closing.closed) return;
    const closed = new Promise((done) => closing.once('close', done));
    closing.destroy();
    await closed;
  };
  reader = read();
  const writeEnd = openSync(path, constants.O_WRONLY);
  return {
    writeEnd,
    text: () => text,
    stall: () => void reader?.pause(),
    resume: () => {
      if (reader === undefined) reader = read();
      else reader.resume();
    },
    disconnect,
    close: async () => {
      closeSync(writeEnd);
      await disconnect();
    },
  };
}
