import type { Readable } from 'node:stream';

/** A range of bytes, both ends inclusive as in HTTP; an `end` beyond the object means its last byte. */
export interface ObjectRange {
  readonly start: number;
  readonly end: number;
}

/** One object of a listing. */
export interface ObjectEntry {
  readonly key: string;
  readonly bytes: number;
}

/**
 * Objects by key. Every method throws `InvalidObjectKeyError` for a key that is not portable (see
 * `checkObjectKey`). A key must not be another key's folder (`a` beside `a/b`): a directory cannot hold both.
 */
export interface ObjectStore {
  /**
   * Stores an object, or replaces it. It becomes visible whole or not at all, also after a crash. A stream is
   * read at the pace of the store; if it fails, nothing is stored and its error is thrown.
   */
  put(key: string, body: Readable | Buffer): Promise<{ bytes: number }>;
  /**
   * Opens an object's content. The caller must read it to its end or destroy it.
   * @throws {ObjectNotFoundError} when there is none; {RangeError} when the range begins beyond its end.
   */
  get(key: string, range?: ObjectRange): Promise<Readable>;
  /** An object's size, or `undefined` when there is none. */
  head(key: string): Promise<{ bytes: number } | undefined>;
  /** All objects whose key begins with `prefix`, in byte order of their keys. */
  list(prefix: string): AsyncIterable<ObjectEntry>;
  /** Removes an object; that there is none is not an error. */
  delete(key: string): Promise<void>;
  /** Throws when the store cannot be used now. */
  ping(): Promise<void>;
  /** Closes connections. The store cannot be used afterwards. */
  close(): Promise<void>;
}
