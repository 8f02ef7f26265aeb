import { StringDecoder } from 'node:string_decoder';
import { snapshotHead, type SnapshotHead as WireHead } from '@aion/contracts';
import { UnavailableError } from '@aion/errors';

/** Snapshot stream whose head has been read. */
export interface SnapshotStream {
  readonly head: WireHead;
  /** Resolves with the reason when the stream ends, which it should not do before it is closed. */
  readonly ended: Promise<Error>;
}

/** Sufficient for the columns of several thousand tables. */
const MAX_HEAD_CHARS = 16 * 1024 * 1024;

/**
 * Reads the head of a snapshot stream, and continues to read its heartbeats.
 *
 * @throws UnavailableError when the stream ends before its head; ZodError when the head violates the contract
 */
export async function openSnapshotStream(stream: AsyncIterable<Uint8Array>): Promise<SnapshotStream> {
  const chunks = stream[Symbol.asyncIterator]();
  const line = await readLine(chunks);
  const head = snapshotHead.parse(JSON.parse(line));
  return { head, ended: drain(chunks) };
}

async function readLine(chunks: AsyncIterator<Uint8Array>): Promise<string> {
  const decoder = new StringDecoder('utf8');
  let text = '';
  while (text.length <= MAX_HEAD_CHARS) {
    const next = await chunks.next();
    if (next.done === true) throw new UnavailableError('The snapshot stream ended before its head.');
    text += decoder.write(Buffer.from(next.value));
    const end = text.indexOf('\n');
    if (end >= 0) return text.slice(0, end);
  }
  throw new Error(`The head of a snapshot is longer than ${MAX_HEAD_CHARS} characters.`);
}

async function drain(chunks: AsyncIterator<Uint8Array>): Promise<Error> {
  try {
    while ((await chunks.next()).done !== true);
    return new UnavailableError('database-gateway ended the snapshot.');
  } catch (error) {
    return new UnavailableError('The snapshot was lost.', { cause: error });
  }
}
