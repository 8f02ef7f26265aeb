import type { KeyObject } from 'node:crypto';
import { parseAuditRow, parseCheckpointRow, type ChainHead } from './audit-row.ts';
import { ChainVerifier, type ChainReport } from './chain-verifier.ts';

/** The result for one chain. */
export interface VerifiedChain {
  /** Null for the platform's own chain. */
  readonly tenantId: string | null;
  readonly checkpoints: number;
  readonly report: ChainReport;
}

/** The tables of an export that contain an audit trail. */
export const AUDIT_TABLES: readonly string[] = ['audit_events', 'audit_checkpoints'];

/** Verifies all chains in the lines of an export, which may have any order. */
export class TrailVerifier {
  readonly #signers: readonly KeyObject[] | undefined;
  readonly #chains = new Map<string | null, { readonly verifier: ChainVerifier; checkpoints: number }>();

  /** @param signers the keys whose checkpoints are trusted, see `ChainVerifierOptions` */
  constructor(signers: readonly KeyObject[] | undefined) {
    this.#signers = signers;
  }

  /** Adds an event or a checkpoint from a line of JSON; only a checkpoint has a signature. @throws {InvalidAuditRowError} */
  addLine(line: string): void {
    if (line.includes('"signature":')) {
      const checkpoint = parseCheckpointRow(line);
      const chain = this.#getChain(checkpoint.tenant_id);
      chain.verifier.addCheckpoint(checkpoint);
      chain.checkpoints += 1;
    } else {
      const event = parseAuditRow(line);
      this.#getChain(event.tenant_id).verifier.addEvent(event);
    }
  }

  /**
   * Adds an event from an earlier copy of the trail, see `ChainVerifier.addEarlier`; call it after all lines were added.
   * Returns true if the event belongs to one of their chains; an event of another chain is ignored.
   */
  addEarlier(head: ChainHead): boolean {
    const chain = this.#chains.get(head.tenant_id);
    if (chain === undefined) return false;
    chain.verifier.addEarlier(head);
    return true;
  }

  /** Ends the verification; returns an empty list when no line was added. */
  finish(): readonly VerifiedChain[] {
    return [...this.#chains].map(([tenantId, { verifier, checkpoints }]) => {
      return { tenantId, checkpoints, report: verifier.finish() };
    });
  }

  #getChain(tenantId: string | null) {
    const known = this.#chains.get(tenantId);
    if (known !== undefined) return known;
    const chain = { verifier: new ChainVerifier(tenantId, { signers: this.#signers }), checkpoints: 0 };
    this.#chains.set(tenantId, chain);
    return chain;
  }
}
