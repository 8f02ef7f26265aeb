import { Transform, type Readable } from 'node:stream';
import { DeadlineExceededError, UnavailableError } from '@aion/errors';

/** How a stream is followed. */
export interface FollowOptions {
  /** Names the stream in errors. */
  readonly what: string;
  /** How long it may be silent before its first byte. */
  readonly firstMs: number;
  /** How long it may be silent after that. */
  readonly nextMs: number;
}

const BUFFER_BYTES = 256 * 1024;

/**
 * The bytes of an answer, with back-pressure. It fails with an `UnavailableError` when the answer breaks off, and with a
 * `DeadlineExceededError` when it is silent for too long: a peer that vanished without a word would be waited for for
 * ever. Destroying it cancels the answer.
 */
export function followStream(body: Readable, options: FollowOptions): Readable {
  const { what, firstMs, nextMs } = options;
  let limitMs = firstMs;
  let timer: NodeJS.Timeout | undefined;
  const watch = (): void => {
    clearTimeout(timer);
    timer = setTimeout(checkSilence, limitMs);
  };
  const followed = new Transform({
    highWaterMark: BUFFER_BYTES,
    transform(chunk: Buffer, _encoding, done) {
      limitMs = nextMs;
      watch();
      done(null, chunk);
    },
    destroy(error, done) {
      clearTimeout(timer);
      body.destroy();
      done(error);
    },
    final(done) {
      clearTimeout(timer);
      done();
    },
  });
  const checkSilence = (): void => {
    // Bytes that wait here mean that the reader is slow, not that the peer is silent.
    if (followed.readableLength > 0 || followed.writableLength > 0) watch();
    else followed.destroy(new DeadlineExceededError(`${what} was silent for ${limitMs} ms.`));
  };
  body.once('error', (cause) => followed.destroy(new UnavailableError(`${what} was broken off.`, { cause })));
  body.once('close', () => {
    if (!body.readableEnded) followed.destroy(new UnavailableError(`${what} was broken off.`));
  });
  watch();
  return body.pipe(followed);
}
