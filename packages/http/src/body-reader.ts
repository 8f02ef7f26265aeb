import { InvalidRequestError, PayloadTooLargeError } from '@aion/errors';
import express, { type Request, type Response } from 'express';

/** Reads the complete body of a request. */
export type BodyReader = (req: Request, res: Response) => Promise<Buffer>;

/** Creates a reader that rejects bodies of more than `maxBytes` (after decompression). */
export function createBodyReader(maxBytes: number): BodyReader {
  const parse = express.raw({ type: () => true, limit: maxBytes });
  return (req, res) =>
    new Promise((resolve, reject) => {
      // Rejected before the body is sent: the parser would read all of it first and wait for a sender that never ends.
      if (Number(req.headers['content-length']) > maxBytes) {
        reject(toTooLargeError(maxBytes));
        return;
      }
      parse(req, res, (error?: unknown) => {
        if (error !== undefined) reject(toBodyError(error, maxBytes));
        else resolve(Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0));
      });
    });
}

function toTooLargeError(maxBytes: number): PayloadTooLargeError {
  return new PayloadTooLargeError(`The body is larger than ${maxBytes} bytes, the limit of this server.`);
}

function toBodyError(error: unknown, maxBytes: number): Error {
  const type = error instanceof Error && 'type' in error ? error.type : undefined;
  if (type === 'entity.too.large') {
    return toTooLargeError(maxBytes);
  }
  const reason = error instanceof Error ? error.message : 'unknown problem';
  return new InvalidRequestError(`The body could not be read: ${reason}.`, { cause: error });
}
