const HASH_BYTES = 32;
const CHUNK_EVENTS = 64;

/** Stores the hash of each event of a chain by its number, with little overhead above the 32 bytes of each hash. */
export class HashLog {
  readonly #chunks = new Map<number, { readonly hashes: Buffer; readonly known: boolean[] }>();

  set(seq: number, hash: Uint8Array): void {
    const index = Math.floor(seq / CHUNK_EVENTS);
    const chunk = this.#chunks.get(index) ?? { hashes: Buffer.alloc(CHUNK_EVENTS * HASH_BYTES), known: [] };
    chunk.hashes.set(hash, (seq % CHUNK_EVENTS) * HASH_BYTES);
    chunk.known[seq % CHUNK_EVENTS] = true;
    this.#chunks.set(index, chunk);
  }

  get(seq: number): Buffer | undefined {
    const chunk = this.#chunks.get(Math.floor(seq / CHUNK_EVENTS));
    const at = seq % CHUNK_EVENTS;
    return chunk?.known[at] === true ? chunk.hashes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES) : undefined;
  }
}
