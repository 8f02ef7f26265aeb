import type { Metrics } from '@aion/metrics';

/** The metrics of bundles; how exports end is counted by database-gateway, where that is committed. */
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
}
