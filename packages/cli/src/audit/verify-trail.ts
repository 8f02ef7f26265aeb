import type { KeyObject } from 'node:crypto';
import { AUDIT_TABLES, TrailVerifier, type ChainReport, type VerifiedChain } from '@aion/audit-chain';
import { verifyBundle, type VerificationReport } from '@aion/bundle';
import { openBundle } from '../open-bundle.ts';
import { UsageError } from '../usage-error.ts';
import type { ProgressUpdate } from '../verify-progress.ts';
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
  const chains = trail.finish();
  // A bundle that does not open has no events either: it says why.
  if (chains.length === 0 && bundle?.ok !== false) throw new UsageError(`${path} holds no event of an audit trail`);
  return { chains: signers === undefined ? chains : chains.map(requireProof), bundle };
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
