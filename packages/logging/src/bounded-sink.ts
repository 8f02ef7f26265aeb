import { Writable } from 'node:stream';

/** Why a line was not written: left out by sampling, no room behind a stalled reader, or refused by the stream. */
export type DropReason = 'sampled' | 'overflow' | 'sink';

/** What a `BoundedSink` is made of. */
export interface BoundedSinkOptions {
  readonly stream: NodeJS.WritableStream;
  /** Bytes of lines that wait while the stream takes none; later lines are dropped. */
  readonly maxBufferedBytes: number;
  /** How long a line that is not urgent may wait for others to be written with; 0 for not at all. */
  readonly batchMs: number;
  readonly onDrop: (reason: DropReason) => void;
}

/** Lines that are written together are about as long at most. */
const BATCH_BYTES = 65_536;

interface Line {
  readonly text: string;
  readonly bytes: number;
}

/**
 * Writes lines to a stream that may stall, fill up or break, without ever waiting for it, throwing, or growing beyond
 * its bound. Every line is tried, also after a failure: it works again as soon as the stream does.
 *
 * An urgent line goes straight to the stream while it takes lines, with all before it: what a process has to say about
 * its end is not lost. The others are written together, `batchMs` late at most, because a write costs more than the line.
 * Nothing waits for a stream: a pipe that nobody reads would be buffered in memory without end (`process.stdout` does so).
 */
export class BoundedSink {
  readonly #options: BoundedSinkOptions;
  #waiting: Line[] = [];
  #waitingBytes = 0;
  #inFlight = 0;
  #isStalled = false;
  #isTorn = false;
  #timer: NodeJS.Timeout | undefined;
  #onIdle: (() => void)[] = [];

  constructor(options: BoundedSinkOptions) {
    this.#options = options;
    // Failures arrive at the write that they belong to; without a listener, the event would end the process.
    if (options.stream.listenerCount('error') === 0) options.stream.on('error', () => undefined);
  }

  /** Takes one line, with its line feed. */
  write(text: string, isUrgent: boolean): void {
    const bytes = Buffer.byteLength(text);
    if (this.#isStalled && this.#waitingBytes + bytes > this.#options.maxBufferedBytes) {
      this.#options.onDrop('overflow');
      return;
    }
    this.#waitingBytes += bytes;
    this.#waiting.push({ text, bytes });
    if (this.#isStalled) return;
    const { batchMs } = this.#options;
    if (isUrgent || batchMs === 0 || this.#waitingBytes >= BATCH_BYTES) this.#release();
    else this.#timer ??= setTimeout(() => this.#release(), batchMs);
  }

  /** Waits until every line was written or dropped; false when that takes longer than `timeoutMs`. */
  async flush(timeoutMs: number): Promise<boolean> {
    if (!this.#isStalled) this.#release();
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

  /** Hands on what waits, until the stream takes no more. */
  #release(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isStalled = false;
    while (this.#waiting.length > 0 && this.#send(this.#takeBatch()));
  }

  #takeBatch(): Line[] {
    let count = 0;
    for (let bytes = 0; count < this.#waiting.length && bytes < BATCH_BYTES; count += 1) {
      bytes += this.#waiting[count]?.bytes ?? 0;
    }
    const batch = this.#waiting.splice(0, count);
    for (const line of batch) this.#waitingBytes -= line.bytes;
    return batch;
  }

  /** Whether the stream takes more after this. */
  #send(batch: readonly Line[]): boolean {
    if (isBroken(this.#options.stream)) {
      this.#drop(batch);
      return true;
    }
    const text = batch.map((line) => line.text).join('');
    this.#inFlight += 1;
    try {
      // A failed write may have left half a line behind: the next one begins on a line of its own.
      const chunk = this.#isTorn ? `\n${text}` : text;
      this.#isTorn = false;
      const takesMore = this.#options.stream.write(chunk, (error) => this.#settle(batch, error));
      // Where it has called back already, no later call would end the stall.
      this.#isStalled = !takesMore && this.#inFlight > 0;
    } catch (error) {
      this.#settle(batch, error);
    }
    return !this.#isStalled;
  }

  #settle(batch: readonly Line[], error: unknown): void {
    this.#inFlight -= 1;
    if (error !== undefined && error !== null) {
      this.#isTorn = true;
      this.#drop(batch);
    }
    // The stream calls back for each write, be it taken or refused, so no event of its end or drain is needed.
    if (this.#inFlight > 0) return;
    if (this.#isStalled) this.#release();
    if (this.#inFlight > 0) return;
    for (const resume of this.#onIdle.splice(0)) resume();
  }

  #drop(batch: readonly Line[]): void {
    for (const _ of batch) this.#options.onDrop('sink');
  }
}

/** Whether a stream has failed for good: it would keep what it is given, and never write it. */
function isBroken(stream: NodeJS.WritableStream): boolean {
  return stream instanceof Writable && (stream.destroyed || stream.errored !== null);
}
