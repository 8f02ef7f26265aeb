import type { OnDrop } from './drop-reasons.ts';

/** Limits of span export, with the matching `OTEL_BSP_*` variables and defaults. */
export interface ExportLimits {
  /** Maximum number of queued spans, in addition to the batch being sent. `OTEL_BSP_MAX_QUEUE_SIZE`, default 4 096. */
  readonly maxQueueSize: number;
  /** Maximum number of spans per request; a full batch is sent immediately. `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`, default 512. */
  readonly maxBatchSize: number;
  /** Maximum delay before a batch is sent. `OTEL_BSP_SCHEDULE_DELAY`, default 1 000 ms. */
  readonly delayMs: number;
  /** Timeout of a batch, and of the shutdown. `OTEL_BSP_EXPORT_TIMEOUT`, default 3 000 ms. */
  readonly timeoutMs: number;
}

/** Options of `ExportQueue`. */
export interface ExportQueueOptions<T> {
  readonly limits: ExportLimits;
  /** Sends a batch and calls `done` with the result; a result after the timeout is ignored. */
  readonly send: (batch: T[], done: (ok: boolean) => void) => void;
  readonly onDrop: OnDrop;
}

/**
 * Bounded queue in front of a receiver that may be slow, hang or be unreachable. `add` never blocks or throws; each item
 * that is not delivered is counted exactly once. A failed batch is not retried here: the exporter retries within the
 * timeout.
 */
export class ExportQueue<T> {
  readonly #options: ExportQueueOptions<T>;
  #items: T[] = [];
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #cancelBatch: (() => void) | undefined;
  #isClosed = false;

  constructor(options: ExportQueueOptions<T>) {
    this.#options = options;
  }

  /** Queues an item, or counts it as dropped. */
  add(item: T): void {
    const { limits, onDrop } = this.#options;
    if (this.#isClosed) onDrop('shutdown', 1);
    else if (this.#items.length >= limits.maxQueueSize) onDrop('queue_full', 1);
    else {
      this.#items.push(item);
      this.#schedule();
    }
  }

  /** Sends all queued items; resolves when each batch was delivered or dropped. */
  async flush(): Promise<void> {
    await this.#running;
    if (this.#items.length > 0) await this.#start();
  }

  /** Sends queued items for up to `timeoutMs` and counts the rest as dropped. */
  async shutdown(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const timedOut = Promise.withResolvers<undefined>();
    const timer = setTimeout(timedOut.resolve, this.#options.limits.timeoutMs, undefined);
    await Promise.race([this.flush(), timedOut.promise]);
    clearTimeout(timer);
    const left = this.#items.splice(0).length;
    this.#cancelBatch?.();
    if (left > 0) this.#options.onDrop('shutdown', left);
  }

  #schedule(): void {
    const { maxBatchSize, maxQueueSize, delayMs } = this.#options.limits;
    if (this.#running !== undefined || this.#isClosed) return;
    if (this.#items.length >= Math.min(maxBatchSize, maxQueueSize)) void this.#start();
    // The timer must not keep the process alive: `shutdown` sends the remaining items.
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

  /** Sends the currently queued items, then full batches, one at a time; the remaining items wait for the next batch. */
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
      this.#cancelBatch = undefined;
      if (dropped !== undefined) onDrop(dropped, batch.length);
      ended.resolve(undefined);
    };
    const timer = setTimeout(() => end('export_failed'), limits.timeoutMs);
    this.#cancelBatch = () => end('shutdown');
    try {
      send(batch, (ok) => end(ok ? undefined : 'export_failed'));
    } catch {
      // The exporter throws when a span cannot be serialised: drop the batch and continue.
      end('export_failed');
    }
    return ended.promise;
  }
}
