import type { OnDrop } from './drop-reasons.ts';
import type { SpanRecord } from './span-record.ts';

/** Bounds of a `SpanStore`. */
export interface SpanStoreOptions {
  /** Traces kept, default 500; the oldest leaves first. */
  readonly maxTraces?: number;
  /** Spans kept of one trace, default 2 000; later ones are dropped. */
  readonly maxSpansPerTrace?: number;
  /** Size of all spans as estimated from their text, default 16 MiB; the oldest traces leave first. */
  readonly maxBytes?: number;
  readonly onDrop?: OnDrop | undefined;
}

/** Objects, ids and numbers of a span, roughly. */
const BASE_BYTES = 512;

/** A bounded store of finished spans by trace, for platforms that run without a tracing backend. */
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

  /** Keeps a span; evicts the oldest traces when a bound would be exceeded, but never the span's own. */
  add(record: SpanRecord): void {
    const bytes = sizeOf(record);
    const known = this.#traces.get(record.traceId);
    if (known === undefined && this.#traces.size >= this.#options.maxTraces) this.#evictOldest(record.traceId);
    while (this.#bytes + bytes > this.#options.maxBytes && this.#evictOldest(record.traceId));
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

  /** The finished spans of a trace, in the order in which they ended; empty when it is unknown. */
  get(traceId: string): readonly SpanRecord[] {
    return this.#traces.get(traceId)?.spans ?? [];
  }

  /** Spans that were not kept or were evicted, since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Estimated size of what is kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether there was a trace to evict beside `except`. */
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

function sizeOf({ name, attributes, events = [] }: SpanRecord): number {
  const eventCharacters = events.reduce((sum, event) => sum + event.name.length + textOf(event.attributes), 0);
  return BASE_BYTES + 2 * (name.length + textOf(attributes) + eventCharacters);
}

/** Characters of keys and values; strings in lists count too. */
function textOf(attributes: Readonly<Record<string, unknown>>): number {
  let characters = 0;
  for (const [key, value] of Object.entries(attributes)) {
    characters += key.length + 8;
    if (typeof value === 'string') characters += value.length;
    else if (Array.isArray(value)) for (const item of value) characters += String(item).length + 8;
  }
  return characters;
}
