import type { OnDrop } from './drop-reasons.ts';
import type { SpanRecord } from './span-record.ts';

/** Options of `SpanStore`. */
export interface SpanStoreOptions {
  /** Maximum number of traces, default 500; the oldest is evicted first. */
  readonly maxTraces?: number;
  /** Maximum number of spans per trace, default 2 000; later spans are dropped. */
  readonly maxSpansPerTrace?: number;
  /** Maximum estimated size of all spans, default 16 MiB; the oldest traces are evicted first. */
  readonly maxBytes?: number;
  readonly onDrop?: OnDrop | undefined;
}

/** Estimated size of the objects, ids and numbers of a span. */
const BASE_BYTES = 512;

/** Bounded store of finished spans by trace, for installations without a tracing backend. */
export class SpanStore {
  readonly #options: Required<Omit<SpanStoreOptions, 'onDrop'>>;
  readonly #onDrop: OnDrop | undefined;
  readonly #traces = new Map<string, { spans: SpanRecord[]; bytes: number }>();
  #bytes = 0;
  #dropped = 0;

  constructor({ maxTraces = 500, maxSpansPerTrace = 2_000, maxBytes = 16_777_216, onDrop }: SpanStoreOptions = {}) {
    this.#options = { maxTraces, maxSpansPerTrace, maxBytes };
    this.#onDrop = onDrop;
  }

  /** Stores a span; evicts the oldest traces if a bound would be exceeded, but never the span's own trace. */
  add(record: SpanRecord): void {
    const bytes = estimateBytes(record);
    const known = this.#traces.get(record.traceId);
    if (known === undefined && this.#traces.size >= this.#options.maxTraces) this.#evictOldest(record.traceId);
    while (this.#bytes + bytes > this.#options.maxBytes) {
      if (!this.#evictOldest(record.traceId)) break;
    }
    const isTooMany = (known?.spans.length ?? 0) >= this.#options.maxSpansPerTrace;
    if (isTooMany || this.#bytes + bytes > this.#options.maxBytes) {
      this.#drop('store_full', 1);
      return;
    }
    const trace = known ?? { spans: [], bytes: 0 };
    trace.spans.push(record);
    trace.bytes += bytes;
    this.#bytes += bytes;
    if (known === undefined) this.#traces.set(record.traceId, trace);
  }

  /** Returns the finished spans of a trace in the order in which they ended; empty for an unknown trace. */
  get(traceId: string): readonly SpanRecord[] {
    return this.#traces.get(traceId)?.spans ?? [];
  }

  /** Number of spans that were dropped or evicted since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Estimated size of the stored spans. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Evicts the oldest trace other than `except`; returns false if there is none. */
  #evictOldest(except: string): boolean {
    for (const [traceId, trace] of this.#traces) {
      if (traceId === except) continue;
      this.#traces.delete(traceId);
      this.#bytes -= trace.bytes;
      this.#drop('store_evicted', trace.spans.length);
      return true;
    }
    return false;
  }

  #drop(reason: 'store_full' | 'store_evicted', count: number): void {
    this.#dropped += count;
    this.#onDrop?.(reason, count);
  }
}

function estimateBytes({ name, attributes, events = [] }: SpanRecord): number {
  const eventCharacters = events.reduce((sum, event) => sum + event.name.length + countCharacters(event.attributes), 0);
  return BASE_BYTES + 2 * (name.length + countCharacters(attributes) + eventCharacters);
}

/** Counts the characters of keys and values, including strings in lists. */
function countCharacters(attributes: Readonly<Record<string, unknown>>): number {
  let characters = 0;
  for (const [key, value] of Object.entries(attributes)) {
    characters += key.length + 8;
    if (typeof value === 'string') characters += value.length;
    else if (Array.isArray(value)) for (const item of value) characters += String(item).length + 8;
  }
  return characters;
}
