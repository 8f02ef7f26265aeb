import type { Metrics } from '@aion/metrics';
import type { ExportProgress, SnapshotTable } from './export-gateway.ts';

/** Progress of one run of an export. */
export interface ProgressTracker {
  /** Returns the current progress. */
  current(): ExportProgress;
  /** Sets the totals of the run. */
  startTables(tables: readonly SnapshotTable[]): void;
  /** Reports how much of a table is written: totals of the table, not differences. */
  updateTable(table: string, rows: number, bytes: number): void;
  finishTable(): void;
}

/**
 * Creates a tracker at zero, which counts written rows and bytes as metrics, those of runs that fail later as well.
 * database-gateway counts ended exports, because it commits their end.
 */
export function createProgressTracker(metrics: Metrics): ProgressTracker {
  const byTable = new Map<string, { readonly rows: number; readonly bytes: number }>();
  let progress: ExportProgress = { tablesTotal: 0, tablesDone: 0, rowsTotal: 0, rows: 0, bytes: 0 };
  return {
    current: () => progress,
    startTables: (tables) => {
      const rowsTotal = tables.reduce((sum, table) => sum + table.rows, 0);
      progress = { ...progress, tablesTotal: tables.length, rowsTotal };
    },
    updateTable: (table, rows, bytes) => {
      const before = byTable.get(table) ?? { rows: 0, bytes: 0 };
      byTable.set(table, { rows, bytes });
      const newRows = rows - before.rows;
      const newBytes = bytes - before.bytes;
      metrics.counter('aion_export_rows_total').inc({}, newRows);
      metrics.counter('aion_export_bytes_total').inc({}, newBytes);
      progress = { ...progress, rows: progress.rows + newRows, bytes: progress.bytes + newBytes };
    },
    finishTable: () => {
      progress = { ...progress, tablesDone: progress.tablesDone + 1 };
    },
  };
}
