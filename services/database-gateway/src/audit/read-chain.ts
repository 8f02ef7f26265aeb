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
import type { AuditChainLength, AuditLine, AuditTrail } from './audit-trail.ts';

/** How a chain is read. */
export interface ReadChainOptions {
  /** The event from which on it is read; undefined for all of it. */
  readonly start: ChainHead | undefined;
  /** Where it ended when it was verified before: it must still come there, and not by other events. */
  readonly known: ChainHead | undefined;
  readonly signers: readonly KeyObject[] | undefined;
}

const PAGE_EVENTS = 1_000;
/** Signatures are checked one after another, while nothing else happens: some ten milliseconds a page. */
const PAGE_CHECKPOINTS = 100;

/**
 * Reads a chain page by page, and verifies it. Checkpoints are read before their events: so a page of either is all that
 * memory holds, and a checkpoint that is signed meanwhile is not taken for one whose events are gone.
 */
export async function readChain(
  trail: AuditTrail,
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
      takeLines(verifier, lines, (line) => verifier.addEvent(parseAuditRow(line)));
      lastEvent = lines.at(-1)?.seq ?? lastEvent;
      if (lines.length < PAGE_EVENTS) return;
    }
  };
  // The checkpoint of the event from which on the chain is read is compared with that.
  let lastCheckpoint = from - 1n;
  for (;;) {
    const lines = await trail.readCheckpoints(tenantId, { after: lastCheckpoint, limit: PAGE_CHECKPOINTS });
    takeLines(verifier, lines, (line) => verifier.addCheckpoint(parseCheckpointRow(line)));
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

/** Takes rows; one that cannot be read is a problem of the chain, and the next one is taken all the same. */
function takeLines(verifier: ChainVerifier, lines: readonly AuditLine[], take: (line: string) => void): void {
  for (const { seq, line } of lines) {
    try {
      take(line);
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
