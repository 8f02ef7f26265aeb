import type { KeyObject } from 'node:crypto';
import { AUDIT_TABLES, TrailVerifier, type VerifiedChain } from '@aion/audit-chain';
import { verifyBundle, type VerificationReport } from '@aion/bundle';
import { openBundle } from '../open-bundle.ts';
import { UsageError } from '../usage-error.ts';
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
  readonly signer: KeyObject | undefined;
}

/** Verifies the audit trail of an export. @throws {UsageError} when there is none in it */
export async function verifyTrail({ path, identity, signer }: VerifyTrailOptions): Promise<AuditVerification> {
  const trail = new TrailVerifier();
  const bundle = identity === undefined ? undefined : await readBundle(path, identity, trail);
  if (identity === undefined) await readLines(path, (line) => trail.addLine(line));
  const chains = trail.finish(signer === undefined ? undefined : [signer]);
  // A bundle that does not open has no events either: it says why.
  if (chains.length === 0 && bundle?.ok !== false) throw new UsageError(`${path} holds no event of an audit trail`);
  return { chains, bundle };
}

async function readBundle(path: string, identity: string, trail: TrailVerifier): Promise<VerificationReport> {
  return verifyBundle({
    source: await openBundle(path),
    identity,
    onRow: (table, row) => {
      if (AUDIT_TABLES.includes(table)) trail.addLine(row);
    },
  });
}
