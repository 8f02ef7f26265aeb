import type { ExportFailureCode } from '@aion/contracts';
import type { Metrics } from '@aion/metrics';

/** How an export ends. */
export type ExportEnding = 'ready' | 'failed';

/** The metrics of exports. */
export class ExportMetrics {
  readonly #metrics: Metrics;

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  /** Counts what was written to a bundle, of runs that fail later, too. */
  written(rows: number, plainBytes: number): void {
    this.#metrics.counter('aion_export_rows_total').inc({}, rows);
    this.#metrics.counter('aion_export_bytes_total').inc({}, plainBytes);
  }

  /** Counts an export that has ended, with the time since it was requested. */
  ended(outcome: ExportEnding, createdAt: Date): void {
    this.#metrics.counter('aion_exports_total').inc({ outcome });
    const seconds = Math.max(0, Date.now() - createdAt.getTime()) / 1_000;
    this.#metrics.histogram('aion_export_duration_seconds').observe({ outcome }, seconds);
  }

  /** Counts an export that has ended without a bundle. */
  failed(code: ExportFailureCode, createdAt: Date): void {
    this.#metrics.counter('aion_export_failures_total').inc({ code });
    this.ended('failed', createdAt);
  }
}
