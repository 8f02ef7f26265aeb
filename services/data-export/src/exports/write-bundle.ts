import {
  createBundleWriter,
  type BundleSink,
  type BundleWriter,
  type FinalizedBundle,
  type SigningKey,
} from '@aion/bundle';
import { withSpan } from '@aion/tracing';
import type { ClaimedExport, SnapshotHead, SnapshotTable } from './export.ts';
import type { ExportGateway } from './export-gateway.ts';
import type { ProgressTracker } from './progress-tracker.ts';

/** What a bundle is written with. */
export interface BundleWork {
  readonly gateway: ExportGateway;
  readonly claimed: ClaimedExport;
  readonly sink: BundleSink;
  readonly signingKey: SigningKey;
  readonly maxPartBytes: number;
  readonly version: string;
  readonly progress: ProgressTracker;
}

/** A bundle with all its rows, which waits for its seal. */
export interface CopiedBundle {
  seal(): Promise<FinalizedBundle>;
}

/**
 * Copies every table of one snapshot into a bundle. The snapshot is held open until the last row has been read, no
 * longer: it keeps the whole database from being vacuumed. When it is lost, the copy fails.
 */
export async function copySnapshot(work: BundleWork, stop: AbortSignal): Promise<CopiedBundle> {
  const { gateway, claimed, progress } = work;
  const snapshot = await withSpan('export snapshot', {}, () => gateway.openSnapshot(claimed, stop));
  const broken = new AbortController();
  void snapshot.lost.then((error) => broken.abort(error));
  const signal = AbortSignal.any([stop, broken.signal]);
  try {
    const writer = openWriter(work, snapshot.head);
    progress.planned(snapshot.head.tables);
    await withSpan('export copy', {}, async (span) => {
      for (const table of snapshot.head.tables) {
        signal.throwIfAborted();
        await copyTable(work, writer, snapshot.head.snapshotId, table, signal);
        progress.tableDone();
      }
      const { tablesDone, rows, bytes } = progress.current();
      span.setAttributes({ 'aion.export.tables': tablesDone, 'aion.export.rows': rows, 'aion.export.bytes': bytes });
    });
    signal.throwIfAborted();
    for (const { name, reason } of snapshot.head.excluded) writer.exclude(name, reason);
    return { seal: () => writer.finalize() };
  } catch (error) {
    // What stopped the copy is the cause; what the streams then threw is a consequence.
    throw signal.aborted ? signal.reason : error;
  } finally {
    snapshot.close();
  }
}

function openWriter(work: BundleWork, head: SnapshotHead): BundleWriter {
  const { claimed, progress } = work;
  return createBundleWriter({
    exportId: claimed.exportId,
    tenantId: claimed.tenantId,
    sink: work.sink,
    recipients: [claimed.recipient],
    signingKey: work.signingKey,
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
    versions: { 'data-export': work.version },
    maxPartBytes: work.maxPartBytes,
    onProgress: ({ table, rows, bytes }) => progress.reached(table, rows, bytes),
  });
}

async function copyTable(
  { gateway, claimed }: BundleWork,
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
