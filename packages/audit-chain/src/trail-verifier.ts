import type { KeyObject } from 'node:crypto';
import { parseAuditRow, parseCheckpointRow, type ChainHead } from './audit-row.ts';
import { ChainVerifier, type ChainReport } from './chain-verifier.ts';

/** What was found out about one chain. */
export interface VerifiedChain {
  /** Null for the platform's own chain. */
  readonly tenantId: string | null;
  readonly checkpoints: number;
  readonly report: ChainReport;
}

/** The tables of an export that an audit trail is in. */
export const AUDIT_TABLES: readonly string[] = ['audit_events', 'audit_checkpoints'];

/** Verifies the chains that the lines of an export are of, whatever their order. */
export class TrailVerifier {
  readonly #signers: readonly KeyObject[] | undefined;
  readonly #chains = new Map<string | null, { readonly verifier: ChainVerifier; checkpoints: number }>();

  /** @param signers the keys whose checkpoints are trusted, see `ChainVerifierOptions` */
  constructor(signers: readonly KeyObject[] | undefined) {
    this.#signers = signers;
  }

  /** Takes an event or a checkpoint as a line of JSON; only the latter has a signature. @throws {InvalidAuditRowError} */
  addLine(line: string): void {
    if (line.includes('"signature":')) {
      const checkpoint = parseCheckpointRow(line);
      const chain = this.#chainOf(checkpoint.tenant_id);
      chain.verifier.addCheckpoint(checkpoint);
      chain.checkpoints += 1;
    } else {
      const event = parseAuditRow(line);
      this.#chainOf(event.tenant_id).verifier.addEvent(event);
    }
  }

  /**
   * Takes an event as it was before, see `ChainVerifier.addEarlier`, once all lines are there. Gives whether it is of one of
   * their chains; that of another one is passed over.
   */
  addEarlier(head: ChainHead): boolean {
    const chain = this.#chains.get(head.tenant_id);
    if (chain === undefined) return false;
    chain.verifier.addEarlier(head);
    return true;
  }

  /** Ends the verification. Empty when there was no line. */
  finish(): readonly VerifiedChain[] {
    return [...this.#chains].map(([tenantId, { verifier, checkpoints }]) => ({
      tenantId,
      checkpoints,
      report: verifier.finish(),
    }));
  }

  #chainOf(tenantId: string | null) {
    const known = this.#chains.get(tenantId);
    if (known !== undefined) return known;
    const chain = { verifier: new ChainVerifier(tenantId, { signers: this.#signers }), checkpoints: 0 };
    this.#chains.set(tenantId, chain);
    return chain;
  }
}
