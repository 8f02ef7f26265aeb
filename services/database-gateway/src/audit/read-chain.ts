import type { KeyObject } from 'node:crypto';
import {
  ChainVerifier,
  InvalidAuditRowError,
  parseAuditRow,
  parseCheckpointRow,
  type ChainHead,
  type ChainProblem,
  type ChainReport,
} from '@aion/audit-chain';
import type { AuditChainLength, AuditLine, AuditTrailStore } from './audit-trail-store.ts';

/** Options of `readChain`. */
export interface ReadChainOptions {
  /** Event after which reading starts; undefined for the complete chain. */
  readonly start: ChainHead | undefined;
  /** Head of an earlier verification, which the chain must still contain. */
  readonly known: ChainHead | undefined;
  readonly signers: readonly KeyObject[] | undefined;
}

const PAGE_EVENTS = 1_000;
/** Signatures are verified synchronously: a page blocks the event loop for some ten milliseconds. */
const PAGE_CHECKPOINTS = 100;

/**
 * Reads a chain page by page, and verifies it. Checkpoints are read before their events: memory contains one page of
 * each, and a checkpoint that is signed meanwhile is not mistaken for one whose events are missing.
 */
export async function readChain(
  trail: AuditTrailStore,
  { tenantId, seq: length }: AuditChainLength,
  { start, known, signers }: ReadChainOptions,
): Promise<ChainReport> {
  const verifier = new ChainVerifier(tenantId, { signers, start, isInOrder: true });
  if (known !== undefined) verifier.addEarlier(known);
  const from = BigInt(start?.seq ?? 0);
  let lastEvent = from;
  const readEvents = async (until: bigint | null): Promise<void> => {
    for (;;) {
      const lines = await trail.readEvents(tenantId, { after: lastEvent, until, limit: PAGE_EVENTS });
      addLines(verifier, lines, (line) => verifier.addEvent(parseAuditRow(line)));
      lastEvent = lines.at(-1)?.seq ?? lastEvent;
      if (lines.length < PAGE_EVENTS) return;
    }
  };
  // The checkpoint of the start event itself is included and compared with it.
  let lastCheckpoint = from - 1n;
  for (;;) {
    const lines = await trail.readCheckpoints(tenantId, { after: lastCheckpoint, limit: PAGE_CHECKPOINTS });
    addLines(verifier, lines, (line) => verifier.addCheckpoint(parseCheckpointRow(line)));
    const last = lines.at(-1);
    if (last === undefined) break;
    lastCheckpoint = last.seq;
    await readEvents(last.seq);
    if (lines.length < PAGE_CHECKPOINTS) break;
  }
  await readEvents(null);
  const report = verifier.finish();
  const more = [
    ...findTruncation(report, length, known?.seq ?? 0),
    ...(report.erased === 0 ? [] : findUnknownErasure(report, await trail.countAnnouncedErasures(tenantId))),
  ];
  return { ...report, ok: report.ok && more.length === 0, problems: [...report.problems, ...more] };
}

/** Adds rows to the verifier; a row that cannot be parsed is a problem of the chain, and reading continues. */
function addLines(verifier: ChainVerifier, lines: readonly AuditLine[], add: (line: string) => void): void {
  for (const { seq, line } of lines) {
    try {
      add(line);
    } catch (error) {
      if (!(error instanceof InvalidAuditRowError)) throw error;
      verifier.addUnreadable(Number(seq), error.message);
    }
  }
}

function findTruncation({ head }: ChainReport, length: number, leastLength: number): ChainProblem[] {
  const expected = Math.max(length, leastLength);
  const reached = Math.min(length, head?.seq ?? 0);
  const detail = `the chain has ${expected} events, the last one here is ${reached}`;
  return reached < expected ? [{ kind: 'truncated', seq: reached, detail }] : [];
}

function findUnknownErasure({ erased, firstErasedSeq }: ChainReport, announced: number): ChainProblem[] {
  const detail = `${erased} events are erased, and the ledger of erasures announces ${announced}`;
  return erased > announced ? [{ kind: 'erasure_unknown', seq: firstErasedSeq, detail }] : [];
}
