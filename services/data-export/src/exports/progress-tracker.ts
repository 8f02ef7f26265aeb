import type { ExportProgress, SnapshotTable } from './export.ts';

/** Follows one run of an export. */
export interface ProgressTracker {
  /** As it is now. */
  current(): ExportProgress;
  /** What is to be done is known. */
  planned(tables: readonly SnapshotTable[]): void;
  /** A table is so far: totals of the table, not differences. */
  reached(table: string, rows: number, bytes: number): void;
  tableDone(): void;
}

/** Starts at nothing. `onWritten` hears of every difference in rows and plain bytes. */
export function createProgressTracker(onWritten: (rows: number, bytes: number) => void): ProgressTracker {
  const byTable = new Map<string, { readonly rows: number; readonly bytes: number }>();
  let progress: ExportProgress = { tablesTotal: 0, tablesDone: 0, rowsTotal: 0, rows: 0, bytes: 0 };
  return {
    current: () => progress,
    planned: (tables) => {
      const rowsTotal = tables.reduce((sum, table) => sum + table.rows, 0);
      progress = { ...progress, tablesTotal: tables.length, rowsTotal };
    },
    reached: (table, rows, bytes) => {
      const before = byTable.get(table) ?? { rows: 0, bytes: 0 };
      byTable.set(table, { rows, bytes });
      onWritten(rows - before.rows, bytes - before.bytes);
      progress = {
        ...progress,
        rows: progress.rows + rows - before.rows,
        bytes: progress.bytes + bytes - before.bytes,
      };
    },
    tableDone: () => {
      progress = { ...progress, tablesDone: progress.tablesDone + 1 };
    },
  };
}
