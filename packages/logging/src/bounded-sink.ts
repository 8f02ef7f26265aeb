import { Writable } from 'node:stream';

/** Reason for dropping a line: sampling, a full buffer while the stream is stalled, or a failed write. */
export type DropReason = 'sampled' | 'overflow' | 'sink';

/** Options of `BoundedSink`. */
export interface BoundedSinkOptions {
  readonly stream: NodeJS.WritableStream;
  /** Maximum size of the buffer while the stream is stalled; further lines are dropped. */
  readonly maxBufferedBytes: number;
  /** Maximum delay of a line that is not urgent, which allows batching; 0 disables batching. */
  readonly batchMs: number;
  readonly onDrop: (reason: DropReason) => void;
}

/** Approximate maximum size of a batch. */
const BATCH_BYTES = 65_536;

interface Line {
  readonly text: string;
  readonly bytes: number;
}

/**
 * Writes lines to a stream that may stall, fill up or break. Never blocks, throws or exceeds its buffer. A failure does not
 * stop it: later lines are written as soon as the stream works again.
 *
 * An urgent line is written immediately, after all buffered lines, so that the last records of a process are not lost.
 * Other lines are batched for up to `batchMs`, because a write costs more than formatting a line. The buffer is bounded
 * here because `process.stdout` buffers without limit when nobody reads the pipe.
 */
export class BoundedSink {
  readonly #options: BoundedSinkOptions;
  #buffer: Line[] = [];
  #bufferedBytes = 0;
  #inFlight = 0;
  #isStalled = false;
  #hasPartialLine = false;
  #timer: NodeJS.Timeout | undefined;
  #onIdle: (() => void)[] = [];

  constructor(options: BoundedSinkOptions) {
    this.#options = options;
    // The callback of each write reports its failure; an error event without a listener would end the process.
    if (options.stream.listenerCount('error') === 0) options.stream.on('error', () => undefined);
  }

  /** Writes or buffers one line, which includes its line feed. */
  write(text: string, isUrgent: boolean): void {
    const bytes = Buffer.byteLength(text);
    if (this.#isStalled && this.#bufferedBytes + bytes > this.#options.maxBufferedBytes) {
      this.#options.onDrop('overflow');
      return;
    }
    this.#bufferedBytes += bytes;
    this.#buffer.push({ text, bytes });
    if (this.#isStalled) return;
    const { batchMs } = this.#options;
    if (isUrgent || batchMs === 0 || this.#bufferedBytes >= BATCH_BYTES) this.#writeBuffer();
    else this.#timer ??= setTimeout(() => this.#writeBuffer(), batchMs);
  }

  /** Waits until every line was written or dropped; returns false if that takes longer than `timeoutMs`. */
  async flush(timeoutMs: number): Promise<boolean> {
    if (!this.#isStalled) this.#writeBuffer();
    if (this.#inFlight === 0) return true;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<boolean>((resolve) => {
        this.#onIdle.push(() => resolve(true));
        timer = setTimeout(() => resolve(false), timeoutMs);
      });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Writes buffered lines until the buffer is empty or the stream stalls. */
  #writeBuffer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isStalled = false;
    while (this.#buffer.length > 0) {
      const acceptsMore = this.#send(this.#takeBatch());
      if (!acceptsMore) break;
    }
  }

  #takeBatch(): Line[] {
    let count = 0;
    let bytes = 0;
    for (const line of this.#buffer) {
      if (bytes >= BATCH_BYTES) break;
      bytes += line.bytes;
      count += 1;
    }
    this.#bufferedBytes -= bytes;
    return this.#buffer.splice(0, count);
  }

  /** Writes a batch; returns true if the stream accepts more. */
  #send(batch: readonly Line[]): boolean {
    if (isBroken(this.#options.stream)) {
      this.#drop(batch);
      return true;
    }
    const text = batch.map((line) => line.text).join('');
    this.#inFlight += 1;
    try {
      // A failed write may have written half a line: start the next batch on a new line.
      const chunk = this.#hasPartialLine ? `\n${text}` : text;
      this.#hasPartialLine = false;
      const acceptsMore = this.#options.stream.write(chunk, (error) => this.#settle(batch, error));
      // If the stream has already called back, no later callback would end the stall.
      this.#isStalled = !acceptsMore && this.#inFlight > 0;
    } catch (error) {
      this.#settle(batch, error);
    }
    return !this.#isStalled;
  }

  #settle(batch: readonly Line[], error: unknown): void {
    this.#inFlight -= 1;
    if (error !== undefined && error !== null) {
      this.#hasPartialLine = true;
      this.#drop(batch);
    }
    // The stream calls back for every write, successful or failed, so `drain` and `close` events are not needed.
    if (this.#inFlight > 0) return;
    if (this.#isStalled) this.#writeBuffer();
    if (this.#inFlight > 0) return;
    for (const resume of this.#onIdle.splice(0)) resume();
  }

  #drop(batch: readonly Line[]): void {
    for (const _ of batch) this.#options.onDrop('sink');
  }
}

/** Returns true if a stream has failed permanently: it would buffer further data and never write it. */
function isBroken(stream: NodeJS.WritableStream): boolean {
  return stream instanceof Writable && (stream.destroyed || stream.errored !== null);
}
