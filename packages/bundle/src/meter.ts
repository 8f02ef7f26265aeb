import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';

/** Counts and hashes bytes. */
export interface Meter {
  readonly bytes: number;
  add(chunk: Uint8Array): void;
  /** Returns the SHA-256 in hex; call it once, at the end. */
  digest(): string;
}

/** Creates a meter that starts at zero. */
export function createMeter(): Meter {
  const hash = createHash('sha256');
  let bytes = 0;
  return {
    get bytes() {
      return bytes;
    },
    add(chunk) {
      bytes += chunk.length;
      hash.update(chunk);
    },
    digest: () => hash.digest('hex'),
  };
}

/** Creates a stream that passes bytes on unchanged while the meter counts and hashes them. */
export function createMeterStream(meter: Meter): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      meter.add(chunk);
      done(null, chunk);
    },
  });
}
