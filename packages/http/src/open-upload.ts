import { Readable } from 'node:stream';
import { ClientClosedRequestError, PayloadTooLargeError } from '@aion/errors';
import type { Request } from 'express';

/** Options of `openUpload`. */
export interface UploadOptions {
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  /** Called with the number of bytes received so far. */
  readonly onBytes: (total: number) => void;
}

/**
 * Opens the body of a request as a stream with back-pressure. The stream fails with `PayloadTooLargeError` before it
 * yields more than `maxBytes` (immediately when the content length is larger), and with the reason of the signal. The
 * request itself is not destroyed, so that a response can still be sent.
 */
export function openUpload(req: Request, { maxBytes, signal, onBytes }: UploadOptions): Readable {
  let total = 0;
  const upload = new Readable({
    read: () => req.resume(),
    destroy: (error, done) => {
      req.off('data', onData).off('end', onEnd).off('close', onClose);
      signal.removeEventListener('abort', onAbort);
      req.pause();
      done(error);
    },
  });
  const failTooLarge = () =>
    upload.destroy(new PayloadTooLargeError(`The body is larger than ${maxBytes} bytes, the limit of this server.`));
  const onData = (chunk: Buffer): void => {
    total += chunk.length;
    onBytes(total);
    if (total > maxBytes) failTooLarge();
    else if (!upload.push(chunk)) req.pause();
  };
  const onEnd = (): void => void upload.push(null);
  const onClose = (): void => {
    if (!req.complete) upload.destroy(new ClientClosedRequestError('The client closed the connection.'));
  };
  const onAbort = (): void => void upload.destroy(signal.reason instanceof Error ? signal.reason : undefined);
  // An upload that nobody reads must not crash the process with an unhandled error.
  upload.on('error', () => undefined);
  if (signal.aborted) onAbort();
  else if (Number(req.headers['content-length']) > maxBytes) failTooLarge();
  else {
    signal.addEventListener('abort', onAbort, { once: true });
    req.on('data', onData).on('end', onEnd).on('close', onClose);
    req.pause();
  }
  return upload;
}
