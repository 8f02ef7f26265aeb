import type { Metrics } from '@aion/metrics';

/** An export that has just ended, with the time since its request. */
export type ExportEnd =
  | { readonly outcome: 'ready'; readonly ageSeconds: number }
  | { readonly outcome: 'failed'; readonly ageSeconds: number; readonly code: string };

/** Told once of each export that ends, when that is committed. */
export type OnExportEnd = (end: ExportEnd) => void;

/**
 * Counts exports where their end is decided: whatever becomes of the answers between here and a worker, each is counted
 * once, and so are those that no worker ends.
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
