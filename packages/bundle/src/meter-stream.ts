import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';

/** Counts and hashes bytes. */
export interface Meter {
  readonly bytes: number;
  add(chunk: Uint8Array): void;
  /** SHA-256 in hex; once, at the end. */
  digest(): string;
}

/** A meter at zero. */
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

/** Passes bytes on unchanged while the meter counts and hashes them. */
export function createMeterStream(meter: Meter): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      meter.add(chunk);
      done(null, chunk);
    },
  });
}
