import type { Readable } from 'node:stream';

/** A byte range, both ends inclusive as in HTTP; an `end` beyond the object means its last byte. */
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
 * A store of objects by key. Every method throws `InvalidObjectKeyError` for a key that is not portable (see
 * `assertObjectKey`). A key must not be the folder of another key (`a` and `a/b`): a directory cannot contain both.
 */
export interface ObjectStore {
  /**
   * Creates or replaces an object atomically: it becomes visible completely or not at all, also after a crash. A stream
   * is read with backpressure; if it fails, nothing is stored and its error is thrown.
   */
  put(key: string, body: Readable | Buffer): Promise<{ bytes: number }>;
  /**
   * Opens the content of an object. The caller must read it to its end or destroy it.
   * @throws {ObjectNotFoundError} when the object does not exist; {RangeError} when the range starts beyond its end.
   */
  get(key: string, range?: ObjectRange): Promise<Readable>;
  /** Returns the size of an object, or `undefined` when it does not exist. */
  head(key: string): Promise<{ bytes: number } | undefined>;
  /** Lists all objects whose key starts with `prefix`, in byte order of their keys. */
  list(prefix: string): AsyncIterable<ObjectEntry>;
  /** Deletes an object; a missing object is not an error. */
  delete(key: string): Promise<void>;
  /** Checks that the store is usable; throws when it is not. */
  ping(): Promise<void>;
  /** Closes connections. The store cannot be used afterwards. */
  close(): Promise<void>;
}
