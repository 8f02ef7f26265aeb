import type { RequestHandler } from 'express';

/** How long a sender may go on after the answer: long enough to read it, for a reset connection would lose it. */
const LINGER_MS = 2_000;

/** Breaks the connection off when a request goes on for long after it has been answered. */
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
