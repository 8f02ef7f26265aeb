import type { OnDrop } from './drop-reasons.ts';

/** Bounds of the export of spans, with the names and defaults of `OTEL_BSP_*` in the comments. */
export interface ExportLimits {
  /** Spans that wait; one batch more may be on its way. `OTEL_BSP_MAX_QUEUE_SIZE`, default 4 096. */
  readonly maxQueueSize: number;
  /** Spans of one request; a queue that holds as many is sent at once. `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`, 512. */
  readonly maxBatchSize: number;
  /** How long a span waits for others at most. `OTEL_BSP_SCHEDULE_DELAY`, 1 000 ms. */
  readonly delayMs: number;
  /** After this a batch is given up, and after this a shutdown. `OTEL_BSP_EXPORT_TIMEOUT`, 3 000 ms. */
  readonly timeoutMs: number;
}

/** What an `ExportQueue` works with. */
export interface ExportQueueOptions<T> {
  readonly limits: ExportLimits;
  /** Sends a batch and says how it went; what it says after the timeout is not heard. */
  readonly send: (batch: T[], done: (ok: boolean) => void) => void;
  readonly onDrop: OnDrop;
}

/**
 * A bounded queue in front of a receiver that may be slow, hang or be away. `add` never waits and never throws; what is
 * not delivered is counted exactly once. A failed batch is not tried again here: the exporter has done so, within the
 * timeout.
 */
export class ExportQueue<T> {
  readonly #options: ExportQueueOptions<T>;
  #items: T[] = [];
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #abandonBatch: (() => void) | undefined;
  #isClosed = false;

  constructor(options: ExportQueueOptions<T>) {
    this.#options = options;
  }

  /** Takes an item, or counts it as dropped. */
  add(item: T): void {
    const { limits, onDrop } = this.#options;
    if (this.#isClosed) onDrop('shutdown', 1);
    else if (this.#items.length >= limits.maxQueueSize) onDrop('queue_full', 1);
    else {
      this.#items.push(item);
      this.#schedule();
    }
  }

  /** Sends everything that waits now; resolves when each batch was delivered or given up. */
  async flush(): Promise<void> {
    await this.#running;
    if (this.#items.length > 0) await this.#start();
  }

  /** Sends what it can within `timeoutMs` and counts the rest. */
  async shutdown(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const overdue = Promise.withResolvers<undefined>();
    const timer = setTimeout(overdue.resolve, this.#options.limits.timeoutMs, undefined);
    await Promise.race([this.flush(), overdue.promise]);
    clearTimeout(timer);
    const left = this.#items.splice(0).length;
    this.#abandonBatch?.();
    if (left > 0) this.#options.onDrop('shutdown', left);
  }

  #schedule(): void {
    const { maxBatchSize, maxQueueSize, delayMs } = this.#options.limits;
    if (this.#running !== undefined || this.#isClosed) return;
    if (this.#items.length >= Math.min(maxBatchSize, maxQueueSize)) void this.#start();
    // A process that has nothing else to do need not wait for it: `shutdown` sends what is left.
    else this.#timer ??= setTimeout(() => void this.#start(), delayMs).unref();
  }

  #start(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#running ??= this.#drain().finally(() => {
      this.#running = undefined;
      if (this.#items.length > 0) this.#schedule();
    });
    return this.#running;
  }

  /** Sends what waits now and then full batches, one at a time; later spans wait for others to share a request with. */
  async #drain(): Promise<void> {
    const { maxBatchSize } = this.#options.limits;
    let left = this.#items.length;
    while (this.#items.length > 0 && (left > 0 || this.#items.length >= maxBatchSize)) {
      const batch = this.#items.splice(0, maxBatchSize);
      left -= batch.length;
      await this.#send(batch);
    }
  }

  #send(batch: T[]): Promise<void> {
    const { limits, send, onDrop } = this.#options;
    const ended = Promise.withResolvers<undefined>();
    let isOpen = true;
    const end = (dropped?: 'export_failed' | 'shutdown'): void => {
      if (!isOpen) return;
      isOpen = false;
      clearTimeout(timer);
      this.#abandonBatch = undefined;
      if (dropped !== undefined) onDrop(dropped, batch.length);
      ended.resolve(undefined);
    };
    const timer = setTimeout(() => end('export_failed'), limits.timeoutMs);
    this.#abandonBatch = () => end('shutdown');
    try {
      send(batch, (ok) => end(ok ? undefined : 'export_failed'));
    } catch {
      // What an exporter throws is a span that does not serialise: the batch is lost, the service is not.
      end('export_failed');
    }
    return ended.promise;
  }
}
