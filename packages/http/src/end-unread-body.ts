import type { RequestHandler } from 'express';

/** Time that a sender has to read the response before the connection is reset, which would discard the response. */
const LINGER_MS = 2_000;

/** Destroys the connection when a request body is still arriving some time after the response. */
export const endUnreadBody: RequestHandler = (req, res, next) => {
  res.once('finish', () => {
    if (req.complete) return;
    const timer = setTimeout(() => req.socket.destroy(), LINGER_MS);
    timer.unref();
    const release = (): void => clearTimeout(timer);
    req.once('end', release).once('close', release);
  });
  next();
};
