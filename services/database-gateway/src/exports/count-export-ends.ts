import type { Metrics } from '@aion/metrics';

/** End of an export, with the time since its request. */
export type ExportEnd =
  | { readonly outcome: 'ready'; readonly ageSeconds: number }
  | { readonly outcome: 'failed'; readonly ageSeconds: number; readonly code: string };

/** Listener that is called once for each export that ends, after the commit. */
export type OnExportEnd = (end: ExportEnd) => void;

/**
 * Returns a listener that counts exports where their end is decided: each is counted once, even if the answer to the
 * worker is lost, and so are exports that no worker ends.
 */
export function countExportEnds(metrics: Metrics): OnExportEnd {
  const ends = metrics.counter('aion_exports_total');
  const failures = metrics.counter('aion_export_failures_total');
  const durations = metrics.histogram('aion_export_duration_seconds');
  return (end) => {
    const { outcome, ageSeconds } = end;
    ends.inc({ outcome });
    durations.observe({ outcome }, ageSeconds);
    if (end.outcome === 'failed') failures.inc({ code: end.code });
  };
}
