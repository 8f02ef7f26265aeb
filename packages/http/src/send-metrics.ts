import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { negotiateExposition, type Metrics } from '@aion/metrics';
import type { Request, Response } from 'express';

const compress = promisify(gzip);

/** Responds to a scrape in the format that the scraper prefers, gzipped if it accepts that; 404 if metrics are disabled. */
export async function sendMetrics(metrics: Metrics, req: Request, res: Response): Promise<void> {
  if (!metrics.enabled) {
    res.status(404).type('text/plain').send('Metrics are disabled.\n');
    return;
  }
  const { contentType, body } = await metrics.exposition(negotiateExposition(req.headers.accept));
  res.setHeader('content-type', contentType);
  res.setHeader('vary', 'accept, accept-encoding');
  if (req.acceptsEncodings('gzip') === false) {
    res.end(body);
    return;
  }
  res.setHeader('content-encoding', 'gzip');
  res.end(await compress(body));
}
