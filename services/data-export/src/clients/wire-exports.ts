import type { SnapshotHead as WireSnapshotHead, TenantExport, internalRoutes, AnswerOf } from '@aion/contracts';
import type { Claim, ExportProgress, ExportRef, SnapshotHead } from '../exports/export.ts';

type WireClaim = AnswerOf<typeof internalRoutes.exports.claim>;

/** A claim as the domain knows it. */
export function fromClaim(ref: ExportRef, claim: WireClaim): Claim {
  if (claim.outcome === 'finished') return claim;
  const { epoch, recipient } = claim;
  return { outcome: 'claimed', claimed: { ...ref, epoch, recipient } };
}

/** The head of a snapshot as the domain knows it. */
export function fromSnapshotHead(head: WireSnapshotHead): SnapshotHead {
  return {
    snapshotId: head.snapshot_id,
    xid: head.xid,
    lsn: head.lsn,
    takenAt: new Date(head.taken_at),
    schemaFingerprint: head.schema_fingerprint,
    migration: head.migration,
    tables: head.tables.map(({ name, order_by: orderBy, columns, rows }) => ({ name, orderBy, columns, rows })),
    excluded: head.excluded,
  };
}

/** Progress as the wire has it. */
export function toProgress(progress: ExportProgress): TenantExport['progress'] {
  return {
    tables_total: progress.tablesTotal,
    tables_done: progress.tablesDone,
    rows_total: progress.rowsTotal,
    rows: progress.rows,
    bytes: progress.bytes,
  };
}
