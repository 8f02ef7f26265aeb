import { setTimeout as sleep } from 'node:timers/promises';

/** Takes whole lines, without their line feeds; resolves when it can take more. */
export type LineWriter = (lines: readonly string[]) => Promise<void>;

const RETRY_MS = 250;

/**
 * A writer of lines to a stream that may stall or break. What it cannot write it keeps and tries again, and meanwhile
 * takes no more: nothing piles up here, and who writes the lines can bound and count what is lost. The stream needs a
 * listener for its errors.
 */
export function createLineWriter(stream: NodeJS.WritableStream): LineWriter {
  const write = (text: string): Promise<boolean> =>
    new Promise((resolve) => {
      stream.write(text, (error) => resolve(error === undefined || error === null));
    });
  return async (lines) => {
    const text = lines.map((line) => `${line}\n`).join('');
    // A failed write may have left half a line behind.
    for (let start = ''; !(await write(`${start}${text}`)); start = '\n') await sleep(RETRY_MS);
  };
}

/** Hands on the lines of a stream as fast as the writer takes them; resolves when the stream has ended. */
export async function relayLines(stream: NodeJS.ReadableStream, write: LineWriter): Promise<void> {
  let begun = '';
  stream.setEncoding('utf8');
  for await (const chunk of stream) {
    const lines = `${begun}${String(chunk)}`.split('\n');
    begun = lines.pop() ?? '';
    if (lines.length > 0) await write(lines);
  }
  if (begun !== '') await write([begun]);
}
