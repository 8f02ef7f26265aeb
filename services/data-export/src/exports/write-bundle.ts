import {
  createBundleWriter,
  type BundleSink,
  type BundleWriter,
  type FinalizedBundle,
  type SigningKey,
} from '@aion/bundle';
import { withSpan } from '@aion/tracing';
import type { ClaimedExport, ExportGateway, SnapshotHead, SnapshotTable } from './export-gateway.ts';
import type { ProgressTracker } from './progress-tracker.ts';

/** Options of `writeBundle`. */
export interface WriteBundleOptions {
  readonly gateway: ExportGateway;
  readonly claimed: ClaimedExport;
  readonly sink: BundleSink;
  readonly signingKey: SigningKey;
  readonly maxPartBytes: number;
  readonly version: string;
  readonly progress: ProgressTracker;
}

/** A bundle with all its rows, whose manifest and signature are not written yet. */
export interface WrittenBundle {
  finalize(): Promise<FinalizedBundle>;
}

/**
 * Writes every table of one snapshot to a bundle. The snapshot is closed as soon as the last row has been read, because
 * an open snapshot prevents vacuum in the entire database. Fails when the snapshot is lost.
 */
export async function writeBundle(options: WriteBundleOptions, stop: AbortSignal): Promise<WrittenBundle> {
  const { gateway, claimed, progress } = options;
  const snapshot = await withSpan('export snapshot', {}, () => gateway.openSnapshot(claimed, stop));
  const lost = new AbortController();
  void snapshot.lost.then((error) => lost.abort(error));
  const signal = AbortSignal.any([stop, lost.signal]);
  try {
    const writer = openWriter(options, snapshot.head);
    progress.startTables(snapshot.head.tables);
    await withSpan('export copy', {}, async (span) => {
      for (const table of snapshot.head.tables) {
        signal.throwIfAborted();
        await copyTable(options, writer, snapshot.head.snapshotId, table, signal);
        progress.finishTable();
      }
      const { tablesDone, rows, bytes } = progress.current();
      span.setAttributes({ 'aion.export.tables': tablesDone, 'aion.export.rows': rows, 'aion.export.bytes': bytes });
    });
    signal.throwIfAborted();
    for (const { name, reason } of snapshot.head.excluded) writer.exclude(name, reason);
    return { finalize: () => writer.finalize() };
  } catch (error) {
    // An abort is the cause; the error that the streams throw after it is only a consequence.
    throw signal.aborted ? signal.reason : error;
  } finally {
    snapshot.close();
  }
}

function openWriter(options: WriteBundleOptions, head: SnapshotHead): BundleWriter {
  const { claimed, progress } = options;
  return createBundleWriter({
    exportId: claimed.exportId,
    tenantId: claimed.tenantId,
    sink: options.sink,
    recipients: [claimed.recipient],
    signingKey: options.signingKey,
    snapshot: {
      id: head.snapshotId,
      xid: head.xid,
      lsn: head.lsn,
      at: head.takenAt.toISOString(),
      isolation: 'repeatable read',
      frozen: false,
    },
    schema: { fingerprint: head.schemaFingerprint, migration: head.migration },
    scope: { kind: 'tenant' },
    versions: { 'data-export': options.version },
    maxPartBytes: options.maxPartBytes,
    onProgress: ({ table, rows, bytes }) => progress.updateTable(table, rows, bytes),
  });
}

async function copyTable(
  { gateway, claimed }: WriteBundleOptions,
  writer: BundleWriter,
  snapshotId: string,
  table: SnapshotTable,
  signal: AbortSignal,
): Promise<void> {
  await withSpan('export table', { attributes: { 'aion.export.table': table.name } }, async (span) => {
    const rows = await gateway.readRows(claimed, snapshotId, table.name, signal);
    const { name, columns, orderBy, rows: dbCount } = table;
    const written = await writer.addTable({ name, columns, orderBy, dbCount }, rows);
    span.setAttributes({ 'aion.export.rows': written.rows, 'aion.export.bytes': written.bytes });
  });
}
