/** A queue of bytes that are taken in pieces of a given size. */
export interface ByteQueue {
  readonly bytes: number;
  push(chunk: Buffer): void;
  /** Removes the first `count` bytes; copies only when they span chunks. */
  take(count: number): Buffer;
  /** Returns all bytes without removing them. */
  peekAll(): Buffer;
}

/** Creates an empty queue. */
export function createByteQueue(): ByteQueue {
  let chunks: Buffer[] = [];
  let bytes = 0;

  function takeSpanning(count: number): Buffer {
    const all = Buffer.concat(chunks);
    chunks = [all.subarray(count)];
    return all.subarray(0, count);
  }

  return {
    get bytes() {
      return bytes;
    },
    push(chunk) {
      if (chunk.length === 0) return;
      chunks.push(chunk);
      bytes += chunk.length;
    },
    take(count) {
      bytes -= count;
      const first = chunks[0];
      if (first === undefined || first.length < count) return takeSpanning(count);
      chunks[0] = first.subarray(count);
      if (first.length === count) chunks.shift();
      return first.subarray(0, count);
    },
    peekAll() {
      return Buffer.concat(chunks);
    },
  };
}
