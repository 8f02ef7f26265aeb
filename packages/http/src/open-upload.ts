import { Readable } from 'node:stream';
import { ClientClosedRequestError, PayloadTooLargeError } from '@aion/errors';
import type { Request } from 'express';

/** How the body of an upload is read. */
export interface UploadOptions {
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  /** Told of the bytes that have come so far. */
  readonly onBytes: (total: number) => void;
}

/**
 * Gives the body of a request as it comes, at the pace of who reads it. It fails with `PayloadTooLargeError` before more
 * than `maxBytes` are given (at once when the request says that it has more), and with the signal's reason. The request
 * itself is left alone, so that it can still be answered.
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
  const tooLarge = () =>
    upload.destroy(new PayloadTooLargeError(`The body is larger than ${maxBytes} bytes, the limit of this server.`));
  const onData = (chunk: Buffer): void => {
    total += chunk.length;
    onBytes(total);
    if (total > maxBytes) tooLarge();
    else if (!upload.push(chunk)) req.pause();
  };
  const onEnd = (): void => void upload.push(null);
  const onClose = (): void => {
    if (!req.complete) upload.destroy(new ClientClosedRequestError('The client closed the connection.'));
  };
  const onAbort = (): void => void upload.destroy(signal.reason instanceof Error ? signal.reason : undefined);
  // What is thrown away unread must not bring the process down.
  upload.on('error', () => undefined);
  if (signal.aborted) onAbort();
  else if (Number(req.headers['content-length']) > maxBytes) tooLarge();
  else {
    signal.addEventListener('abort', onAbort, { once: true });
    req.on('data', onData).on('end', onEnd).on('close', onClose);
    req.pause();
  }
  return upload;
}
