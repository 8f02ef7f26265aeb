import { StringDecoder } from 'node:string_decoder';
import { snapshotHead, type SnapshotHead as WireHead } from '@aion/contracts';
import { UnavailableError } from '@aion/errors';

/** A snapshot stream whose head has been read. */
export interface SnapshotStream {
  readonly head: WireHead;
  /** Resolves with the reason when the stream ends, for it should not while it is held. */
  readonly ended: Promise<Error>;
}

/** The columns of some thousands of tables. */
const MAX_HEAD_CHARS = 16 * 1024 * 1024;

/**
 * Reads the head of a snapshot stream, and goes on reading its heartbeats.
 * @throws UnavailableError when the stream ends before its head; ZodError for a head that breaks the contract
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
    return new UnavailableError('The snapshot was ended by database-gateway.');
  } catch (error) {
    return new UnavailableError('The snapshot was lost.', { cause: error });
  }
}
