import { Transform, type Readable } from 'node:stream';
import { DeadlineExceededError, UnavailableError } from '@aion/errors';

/** Options of `followStream`. */
export interface FollowOptions {
  /** Name of the stream in errors, such as `The snapshot stream`. */
  readonly name: string;
  /** Maximum time without bytes before the first one, in milliseconds. */
  readonly firstMs: number;
  /** Maximum time without bytes after that, in milliseconds. */
  readonly nextMs: number;
}

const BUFFER_BYTES = 256 * 1024;

/**
 * Passes the bytes of a response on, with back-pressure. The stream fails with an `UnavailableError` when the response is
 * interrupted, and with a `DeadlineExceededError` when no bytes arrive for too long: a peer that disappeared without
 * closing its connection would block the reader forever. Destroying the stream cancels the response.
 */
export function followStream(body: Readable, options: FollowOptions): Readable {
  const { name, firstMs, nextMs } = options;
  let limitMs = firstMs;
  let timer: NodeJS.Timeout | undefined;
  const restartTimer = (): void => {
    clearTimeout(timer);
    timer = setTimeout(checkSilence, limitMs);
  };
  const followed = new Transform({
    highWaterMark: BUFFER_BYTES,
    transform(chunk: Buffer, _encoding, done) {
      limitMs = nextMs;
      restartTimer();
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
    // Buffered bytes mean that the reader is slow, not that the peer is silent.
    if (followed.readableLength > 0 || followed.writableLength > 0) restartTimer();
    else followed.destroy(new DeadlineExceededError(`${name} sent nothing for ${limitMs} ms.`));
  };
  body.once('error', (cause) => followed.destroy(new UnavailableError(`${name} was interrupted.`, { cause })));
  body.once('close', () => {
    if (!body.readableEnded) followed.destroy(new UnavailableError(`${name} was interrupted.`));
  });
  restartTimer();
  return body.pipe(followed);
}
