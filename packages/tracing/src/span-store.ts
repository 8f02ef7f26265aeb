import type { SpanRecord } from './span-record.ts';

/** Bounds of a `SpanStore`. */
export interface SpanStoreOptions {
  /** Traces kept; the oldest leaves first. */
  readonly maxTraces: number;
  /** Spans kept of one trace; later ones are counted as dropped. */
  readonly maxSpansPerTrace: number;
}

/** A bounded store of finished spans by trace, for platforms that run without a tracing backend. */
export class SpanStore {
  readonly #options: SpanStoreOptions;
  readonly #traces = new Map<string, SpanRecord[]>();
  #dropped = 0;

  constructor(options: SpanStoreOptions = { maxTraces: 500, maxSpansPerTrace: 2_000 }) {
    this.#options = options;
  }

  /** Keeps a span; evicts the oldest trace when a new one would exceed the bound. */
  add(record: SpanRecord): void {
    let spans = this.#traces.get(record.traceId);
    if (spans === undefined) {
      if (this.#traces.size >= this.#options.maxTraces) this.#evictOldest();
      spans = [];
      this.#traces.set(record.traceId, spans);
    }
    if (spans.length >= this.#options.maxSpansPerTrace) this.#dropped += 1;
    else spans.push(record);
  }

  /** The finished spans of a trace, in the order in which they ended; empty when it is unknown. */
  get(traceId: string): readonly SpanRecord[] {
    return this.#traces.get(traceId) ?? [];
  }

  /** Spans that were not kept or were evicted, since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  #evictOldest(): void {
    for (const [traceId, spans] of this.#traces) {
      this.#dropped += spans.length;
      this.#traces.delete(traceId);
      return;
    }
  }
}
