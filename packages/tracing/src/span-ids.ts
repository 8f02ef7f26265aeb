import { randomFillSync } from 'node:crypto';

const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;
const POOL_BYTES = 6_144;
const ONLY_ZEROS = /^0+$/;

/**
 * Random trace and span ids (W3C Trace Context, 3.2.2.3 and 3.2.2.4), from a pool: asking the system for each id costs
 * more than the rest of a span that is not recorded.
 */
export class SpanIds {
  readonly #pool = Buffer.allocUnsafe(POOL_BYTES);
  #used = POOL_BYTES;
  #reservedTraceId: string | undefined;

  /** The next trace id that is asked for will be this one. */
  reserveTraceId(traceId: string): void {
    this.#reservedTraceId = traceId;
  }

  /** 32 lowercase hexadecimal digits, not all of them 0. */
  generateTraceId = (): string => {
    const reserved = this.#reservedTraceId;
    this.#reservedTraceId = undefined;
    return reserved ?? this.#take(TRACE_ID_BYTES);
  };

  /** 16 lowercase hexadecimal digits, not all of them 0. */
  generateSpanId = (): string => this.#take(SPAN_ID_BYTES);

  #take(bytes: number): string {
    if (this.#used + bytes > POOL_BYTES) {
      randomFillSync(this.#pool);
      this.#used = 0;
    }
    const id = this.#pool.toString('hex', this.#used, this.#used + bytes);
    this.#used += bytes;
    // All zeros means "no id".
    return id.startsWith('00000000') && ONLY_ZEROS.test(id) ? this.#take(bytes) : id;
  }
}
