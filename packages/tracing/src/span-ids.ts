import { randomFillSync } from 'node:crypto';

const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;
const POOL_BYTES = 6_144;
const ONLY_ZEROS = /^0+$/;

/**
 * Generates random trace and span ids (W3C Trace Context, 3.2.2.3 and 3.2.2.4) from a pool of random bytes: a system call
 * per id would cost more than the rest of an unrecorded span.
 */
export class SpanIds {
  readonly #pool = Buffer.allocUnsafe(POOL_BYTES);
  #used = POOL_BYTES;
  #reservedTraceId: string | undefined;

  /** Sets the trace id that the next call of `generateTraceId` returns. */
  reserveTraceId(traceId: string): void {
    this.#reservedTraceId = traceId;
  }

  /** Returns 32 lowercase hexadecimal digits, not all 0. */
  generateTraceId = (): string => {
    const reserved = this.#reservedTraceId;
    this.#reservedTraceId = undefined;
    return reserved ?? this.#take(TRACE_ID_BYTES);
  };

  /** Returns 16 lowercase hexadecimal digits, not all 0. */
  generateSpanId = (): string => this.#take(SPAN_ID_BYTES);

  #take(bytes: number): string {
    if (this.#used + bytes > POOL_BYTES) {
      randomFillSync(this.#pool);
      this.#used = 0;
    }
    const id = this.#pool.toString('hex', this.#used, this.#used + bytes);
    this.#used += bytes;
    // An id of zeros is invalid.
    return id.startsWith('00000000') && ONLY_ZEROS.test(id) ? this.#take(bytes) : id;
  }
}
