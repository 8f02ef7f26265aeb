import { setTimeout as sleep } from 'node:timers/promises';

/** Writes complete lines, given without line feeds; resolves when it accepts more. */
export type LineWriter = (lines: readonly string[]) => Promise<void>;

const RETRY_MS = 250;

/**
 * Creates a writer of lines to a stream that may stall or break. The writer retries a failed write and accepts no more
 * lines meanwhile: lines accumulate in their source, which can limit and count them. The stream needs an `error`
 * listener.
 */
export function createLineWriter(stream: NodeJS.WritableStream): LineWriter {
  const write = (text: string): Promise<boolean> =>
    new Promise((resolve) => {
      stream.write(text, (error) => resolve(error === undefined || error === null));
    });
  return async (lines) => {
    const text = lines.map((line) => `${line}\n`).join('');
    let isWritten = await write(text);
    while (!isWritten) {
      await sleep(RETRY_MS);
      // The failed write may have left a partial line.
      isWritten = await write(`\n${text}`);
    }
  };
}

/** Passes the lines of a stream to the writer as fast as it accepts them; resolves when the stream has ended. */
export async function relayLines(stream: NodeJS.ReadableStream, write: LineWriter): Promise<void> {
  let partial = '';
  stream.setEncoding('utf8');
  for await (const chunk of stream) {
    const lines = `${partial}${String(chunk)}`.split('\n');
    partial = lines.pop() ?? '';
    if (lines.length > 0) await write(lines);
  }
  if (partial !== '') await write([partial]);
}
