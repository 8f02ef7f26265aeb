import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { Socket } from 'node:net';

/** A named pipe with a reader that may stall, go away and come back, as collectors of logs do. */
export interface LogPipe {
  /** What writers are given as standard output. */
  readonly writeEnd: number;
  /** All that was read so far. */
  text(): string;
  /** Stops reading: what is written fills the pipe, then its writers' buffers. */
  stall(): void;
  /** Reads on, or anew. */
  resume(): void;
  /** Goes away: writers get EPIPE. */
  leave(): Promise<void>;
  close(): Promise<void>;
}

/** Makes the pipe at a path and reads it. */
export function openLogPipe(path: string): LogPipe {
  execFileSync('mkfifo', ['-m', '600', path]);
  let text = '';
  let reader: Socket | undefined;
  const read = (): Socket => {
    // Opened without waiting for a writer, before there is one: a writer would wait for a reader.
    const socket = new Socket({ fd: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK), writable: false });
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    return socket;
  };
  const leave = async (): Promise<void> => {
    const leaving = reader;
    reader = undefined;
    if (leaving === undefined || leaving.closed) return;
    const closed = new Promise((done) => leaving.once('close', done));
    leaving.destroy();
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
    leave,
    close: async () => {
      closeSync(writeEnd);
      await leave();
    },
  };
}
