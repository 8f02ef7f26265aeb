import type { KeyObject } from 'node:crypto';
import { AUDIT_TABLES, TrailVerifier, type ChainReport, type VerifiedChain } from '@aion/audit-chain';
import { verifyBundle, type VerificationReport } from '@aion/bundle';
import { openBundle } from '../open-bundle.ts';
import { UsageError } from '../usage-error.ts';
import type { ProgressUpdate } from '../verify-progress.ts';
import { readEarlier } from './read-earlier.ts';
import { readLines } from './read-lines.ts';

/** The chains of an export, and the bundle that they came in. */
export interface AuditVerification {
  readonly chains: readonly VerifiedChain[];
  readonly bundle: VerificationReport | undefined;
}

/** Where the trail is, and whose checkpoints are trusted. */
export interface VerifyTrailOptions {
  /** A bundle's folder or tar file, a file of NDJSON, or `-` for standard input. */
  readonly path: string;
  /** The text of the age identity file that opens the bundle. */
  readonly identity: string | undefined;
  /** The keys that sign checkpoints, or did before; undefined checks no signature. */
  readonly signers: readonly KeyObject[] | undefined;
  /** Where it is known from how far chains had come before, see {@link readEarlier}. */
  readonly earlier: readonly string[];
  readonly onProgress: (progress: ProgressUpdate) => void;
}

/** Verifies the audit trail of an export. @throws {UsageError} when there is none in it */
export async function verifyTrail(options: VerifyTrailOptions): Promise<AuditVerification> {
  const { path, identity, signers, onProgress } = options;
  const trail = new TrailVerifier(signers);
  const bundle = identity === undefined ? undefined : await readBundle(options, identity, trail);
  if (identity === undefined) {
    await readLines(path, {
      take: (line) => trail.addLine(line),
      onProgress: (bytes, totalBytes) => onProgress({ step: 'events', bytes, totalBytes }),
    });
  }
  for (const each of options.earlier) await compareWith(each, trail, options);
  const chains = trail.finish().map(hintAtOlder);
  // A bundle that does not open has no events either: it says why.
  if (chains.length === 0 && bundle?.ok !== false) throw new UsageError(`${path} holds no event of an audit trail`);
  return { chains: signers === undefined ? chains : chains.map(requireProof), bundle };
}

/** What was learnt after the export was taken looks like an end that was cut off from it. */
const MAYBE_OLDER = '. Was the export taken after what it is compared with? If not, take a new one';

/** Adds that to problems that it may be the reason of. */
function hintAtOlder(chain: VerifiedChain): VerifiedChain {
  if (chain.report.earlier === 0) return chain;
  const problems = chain.report.problems.map((problem) =>
    problem.kind === 'truncated' ? { ...problem, detail: problem.detail + MAYBE_OLDER } : problem,
  );
  return { ...chain, report: { ...chain.report, problems } };
}

/** Compares the chains with what they were before. @throws {UsageError} when nothing of these chains is known from there */
async function compareWith(
  path: string,
  trail: TrailVerifier,
  { identity, onProgress }: VerifyTrailOptions,
): Promise<void> {
  let compared = 0;
  await readEarlier(path, {
    identity,
    take: (head) => {
      if (trail.addEarlier(head)) compared += 1;
    },
    onProgress: (bytes, totalBytes) => onProgress({ step: 'earlier', bytes, totalBytes }),
  });
  if (compared === 0) throw new UsageError(`${path} knows nothing of the chains of this trail from before`);
}

/** How many events no checkpoint proves yet. */
export function countUnproven({ head, provenSeq }: ChainReport): number {
  return (head?.seq ?? 0) - provenSeq;
}

/**
 * What was asked to be proven and is not at all does not pass: with its checkpoints gone, a trail whose end was cut off, or
 * that was written anew, looks like this.
 */
function requireProof(chain: VerifiedChain): VerifiedChain {
  const { report } = chain;
  // Where a problem was found, that is the reason.
  if (!report.ok || report.events === 0 || report.provenSeq > 0) return chain;
  const detail =
    'no checkpoint proves any event. Ask the operator whether the platform signs its audit trail ' +
    '(AION_AUDIT_SIGNING_KEY), give --signer for each key that it signs or has signed with, and take a new export';
  const problem = { kind: 'unproven', seq: report.head?.seq ?? 0, detail } as const;
  return { ...chain, report: { ...report, ok: false, problems: [problem] } };
}

async function readBundle(
  { path, onProgress }: VerifyTrailOptions,
  identity: string,
  trail: TrailVerifier,
): Promise<VerificationReport> {
  return verifyBundle({
    source: await openBundle(path),
    identity,
    onProgress,
    onRow: (table, row) => {
      if (AUDIT_TABLES.includes(table)) trail.addLine(row);
    },
  });
}
