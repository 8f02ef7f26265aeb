import type { KeyObject } from 'node:crypto';
import { ChainVerifier, parseAuditRow, parseCheckpointRow, type ChainReport } from '@aion/audit-chain';
import { verifyBundle, type VerificationReport } from '@aion/bundle';
import { openBundle } from '../open-bundle.ts';
import { UsageError } from '../usage-error.ts';
import { readLines } from './read-lines.ts';

/** What was found out about one chain. */
export interface VerifiedChain {
  /** Null for the platform's own chain. */
  readonly tenantId: string | null;
  readonly checkpoints: number;
  readonly report: ChainReport;
}

/** The chains of an export, and the bundle that they came in. */
export interface AuditVerification {
  readonly chains: readonly VerifiedChain[];
  readonly bundle: VerificationReport | undefined;
}

/** Where the trail is, and whose checkpoints are trusted. */
export interface VerifyChainOptions {
  /** A bundle's folder or tar file, a file of NDJSON, or `-` for standard input. */
  readonly path: string;
  /** The text of the age identity file that opens the bundle. */
  readonly identity: string | undefined;
  readonly signer: KeyObject | undefined;
}

/** Verifies the audit trail of an export. @throws {UsageError} when there is none in it */
export async function verifyChain({ path, identity, signer }: VerifyChainOptions): Promise<AuditVerification> {
  const chains = new Chains();
  const bundle = identity === undefined ? undefined : await readBundle(path, identity, chains);
  if (identity === undefined) await readLines(path, (line) => chains.addLine(line));
  return { chains: chains.finish(signer === undefined ? undefined : [signer], path), bundle };
}

async function readBundle(path: string, identity: string, chains: Chains): Promise<VerificationReport> {
  return verifyBundle({
    source: await openBundle(path),
    identity,
    onRow: (table, row) => {
      if (table === 'audit_events' || table === 'audit_checkpoints') chains.addLine(row);
    },
  });
}

/** The chains that lines are of, by tenant. */
class Chains {
  readonly #verifiers = new Map<string | null, { readonly verifier: ChainVerifier; checkpoints: number }>();

  /** Takes an event or a checkpoint: only the latter has a signature. */
  addLine(line: string): void {
    if (line.includes('"signature":')) {
      const checkpoint = parseCheckpointRow(line);
      const chain = this.#of(checkpoint.tenant_id);
      chain.verifier.addCheckpoint(checkpoint);
      chain.checkpoints += 1;
    } else {
      const event = parseAuditRow(line);
      this.#of(event.tenant_id).verifier.addEvent(event);
    }
  }

  finish(signers: readonly KeyObject[] | undefined, path: string): VerifiedChain[] {
    if (this.#verifiers.size === 0) throw new UsageError(`${path} holds no event of an audit trail`);
    return [...this.#verifiers].map(([tenantId, { verifier, checkpoints }]) => ({
      tenantId,
      checkpoints,
      report: verifier.finish(signers),
    }));
  }

  #of(tenantId: string | null) {
    const known = this.#verifiers.get(tenantId);
    if (known !== undefined) return known;
    const chain = { verifier: new ChainVerifier(tenantId), checkpoints: 0 };
    this.#verifiers.set(tenantId, chain);
    return chain;
  }
}
