import type { KeyObject } from 'node:crypto';
import { AUDIT_TABLES, TrailVerifier, type ChainReport, type VerifiedChain } from '@aion/audit-chain';
import { verifyBundle, type VerificationReport } from '@aion/bundle';
import { openBundle } from '../open-bundle.ts';
import { UsageError } from '../usage-error.ts';
import type { ProgressUpdate } from '../verify-progress.ts';
import { readEarlier } from './read-earlier.ts';
import { readLines } from './read-lines.ts';

/** Chains of an export, and the report of the bundle that contains them. */
export interface AuditVerification {
  readonly chains: readonly VerifiedChain[];
  readonly bundle: VerificationReport | undefined;
}

/** Options of `verifyTrail`. */
export interface VerifyTrailOptions {
  /** Folder or tar file of a bundle, a file of NDJSON, or `-` for standard input. */
  readonly path: string;
  /** Content of the age identity file that decrypts the bundle. */
  readonly identity: string | undefined;
  /** Current and former keys that sign checkpoints; undefined checks no signatures. */
  readonly signers: readonly KeyObject[] | undefined;
  /** Files with earlier heads of the chains, see {@link readEarlier}. */
  readonly earlier: readonly string[];
  readonly onProgress: (progress: ProgressUpdate) => void;
}

/** An export that is older than the heads it is compared with looks truncated. */
const OLDER_EXPORT_HINT = '. Is the export newer than what it is compared with? If not, create a new one';

/** Verifies the audit trail of an export. @throws UsageError when the export contains none */
export async function verifyTrail(options: VerifyTrailOptions): Promise<AuditVerification> {
  const { path, identity, signers, onProgress } = options;
  const trail = new TrailVerifier(signers);
  const bundle = identity === undefined ? undefined : await readBundle(options, identity, trail);
  if (identity === undefined) {
    await readLines(path, {
      onLine: (line) => trail.addLine(line),
      onProgress: (bytes, totalBytes) => onProgress({ step: 'events', bytes, totalBytes }),
    });
  }
  for (const each of options.earlier) await compareWith(each, trail, options);
  const chains = trail.finish().map(addOlderExportHint);
  // A bundle that cannot be decrypted has no events either; its own report has the reason.
  if (chains.length === 0 && bundle?.ok !== false) throw new UsageError(`${path} contains no event of an audit trail`);
  return { chains: signers === undefined ? chains : chains.map(requireProof), bundle };
}

/** Counts the events that no checkpoint proves yet. */
export function countUnproven({ head, provenSeq }: ChainReport): number {
  return (head?.seq ?? 0) - provenSeq;
}

/** Adds the hint to each problem that an older export may explain. */
function addOlderExportHint(chain: VerifiedChain): VerifiedChain {
  if (chain.report.earlier === 0) return chain;
  const problems = chain.report.problems.map((problem) =>
    problem.kind === 'truncated' ? { ...problem, detail: problem.detail + OLDER_EXPORT_HINT } : problem,
  );
  return { ...chain, report: { ...chain.report, problems } };
}

/** Compares the chains with earlier heads. @throws UsageError when the file contains no head of these chains */
async function compareWith(
  path: string,
  trail: TrailVerifier,
  { identity, onProgress }: VerifyTrailOptions,
): Promise<void> {
  let compared = 0;
  await readEarlier(path, {
    identity,
    onHead: (head) => {
      if (trail.addEarlier(head)) compared += 1;
    },
    onProgress: (bytes, totalBytes) => onProgress({ step: 'earlier', bytes, totalBytes }),
  });
  if (compared === 0) throw new UsageError(`${path} contains no earlier state of the chains of this trail`);
}

/**
 * Adds a problem to a chain without a single proven event: a truncated or rewritten trail looks like this when its
 * checkpoints were removed.
 */
function requireProof(chain: VerifiedChain): VerifiedChain {
  const { report } = chain;
  // Other problems are the reason already.
  if (!report.ok || report.events === 0 || report.provenSeq > 0) return chain;
  const detail =
    'no checkpoint proves any event. Ask the operator whether the platform signs its audit trail ' +
    '(AION_AUDIT_SIGNING_KEY), pass --signer for each current and former signing key, and create a new export';
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
