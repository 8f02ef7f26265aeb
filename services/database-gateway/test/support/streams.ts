import type { SnapshotHead } from '@aion/contracts';

/** Reads the lines of a stream, without newlines. */
export async function* readLines(stream: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let rest = Buffer.alloc(0);
  for await (const chunk of stream) {
    rest = Buffer.concat([rest, chunk]);
    for (let at = rest.indexOf(10); at !== -1; at = rest.indexOf(10)) {
      yield rest.subarray(0, at).toString('utf8');
      rest = rest.subarray(at + 1);
    }
  }
  if (rest.length > 0) throw new Error(`the stream ends within a line: ${rest.toString('utf8').slice(0, 100)}`);
}

/** Reads the rows of a stream as text. */
export async function readRows(stream: AsyncIterable<Uint8Array>): Promise<string[]> {
  const rows: string[] = [];
  for await (const line of readLines(stream)) rows.push(line);
  return rows;
}

/** Reads the head of a snapshot and returns the rest of its stream. */
export async function readHead(stream: AsyncIterable<Uint8Array>) {
  const lines = readLines(stream);
  const { value } = await lines.next();
  return { head: JSON.parse(String(value)) as SnapshotHead, heartbeats: lines };
}

/** Reads and parses the rows of a stream. */
export function parseRows(rows: readonly string[]): Record<string, unknown>[] {
  return rows.map((row) => JSON.parse(row) as Record<string, unknown>);
}
