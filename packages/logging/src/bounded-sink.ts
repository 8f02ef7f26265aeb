import { Writable } from 'node:stream';

/** Why a line was not written: left out by sampling, no room behind a stalled reader, or refused by the stream. */
export type DropReason = 'sampled' | 'overflow' | 'sink';

/** What a `BoundedSink` is made of. */
export interface BoundedSinkOptions {
  readonly stream: NodeJS.WritableStream;
  /** Bytes of lines that wait while the stream takes none; later lines are dropped. */
  readonly maxBufferedBytes: number;
  readonly onDrop: (reason: DropReason) => void;
}

/**
 * Writes lines to a stream that may stall, fill up or break, without ever waiting for it, throwing, or growing beyond
 * its bound. Every line is tried, also after a failure: it works again as soon as the stream does.
 *
 * Lines go straight to the stream while it takes them: nothing is lost when the process dies. A pipe that nobody reads
 * would otherwise be buffered in memory without end (`process.stdout` does so).
 */
export class BoundedSink {
  readonly #options: BoundedSinkOptions;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #inFlight = 0;
  #isStalled = false;
  #isTorn = false;
  #onIdle: (() => void)[] = [];

  constructor(options: BoundedSinkOptions) {
    this.#options = options;
    // Failures arrive at the write that they belong to; without a listener, the event would end the process.
    if (options.stream.listenerCount('error') === 0) options.stream.on('error', () => undefined);
  }

  /** Takes one line, with its line feed. */
  write(line: string): void {
    if (!this.#isStalled) {
      this.#send(line);
      return;
    }
    const bytes = Buffer.byteLength(line);
    if (this.#waitingBytes + bytes > this.#options.maxBufferedBytes) {
      this.#options.onDrop('overflow');
      return;
    }
    this.#waitingBytes += bytes;
    this.#waiting.push(line);
  }

  /** Waits until every line was written or dropped; false when that takes longer than `timeoutMs`. */
  async flush(timeoutMs: number): Promise<boolean> {
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

  /** Whether the stream takes more after this line. */
  #send(line: string): boolean {
    if (isBroken(this.#options.stream)) {
      this.#options.onDrop('sink');
      return true;
    }
    // A failed write may have left half a line behind: the next one begins on a line of its own.
    const text = this.#isTorn ? `\n${line}` : line;
    this.#isTorn = false;
    this.#inFlight += 1;
    try {
      const takesMore = this.#options.stream.write(text, (error) => this.#settle(error));
      // Where it has called back already, no later call would end the stall.
      this.#isStalled = !takesMore && this.#inFlight > 0;
    } catch (error) {
      this.#settle(error);
    }
    return !this.#isStalled;
  }

  #settle(error: unknown): void {
    this.#inFlight -= 1;
    if (error !== undefined && error !== null) {
      this.#isTorn = true;
      this.#options.onDrop('sink');
    }
    // The stream calls back for each write, be it taken or refused, so no event of its end or drain is needed.
    if (this.#inFlight > 0) return;
    this.#release();
    if (this.#inFlight > 0) return;
    for (const resume of this.#onIdle.splice(0)) resume();
  }

  #release(): void {
    this.#isStalled = false;
    const lines = this.#waiting;
    this.#waiting = [];
    let sent = 0;
    for (const line of lines) {
      this.#waitingBytes -= Buffer.byteLength(line);
      sent += 1;
      if (!this.#send(line)) break;
    }
    this.#waiting = [...lines.slice(sent), ...this.#waiting];
  }
}

/** Whether a stream has failed for good: it would keep what it is given, and never write it. */
function isBroken(stream: NodeJS.WritableStream): boolean {
  return stream instanceof Writable && (stream.destroyed || stream.errored !== null);
}
