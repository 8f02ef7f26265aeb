import type { KeyObject } from 'node:crypto';
import type { AuditRow, CheckpointRow } from './audit-row.ts';
import { commitTo, GENESIS_HASH, hashEvent } from './chain-hash.ts';
import { HashLog } from './hash-log.ts';
import { checkpointKeyId, isCheckpointOf, type ChainHead } from './checkpoint.ts';

/** What is wrong with a chain, and with which event of it. */
export interface ChainProblem {
  readonly kind:
    | 'edited'
    | 'content_edited'
    | 'missing'
    | 'repeated'
    | 'broken_link'
    | 'foreign_tenant'
    | 'truncated'
    | 'checkpoint_differs'
    | 'signature_invalid'
    | 'unknown_signer';
  readonly seq: number;
  readonly detail: string;
}

/** What a verifier found. */
export interface ChainReport {
  readonly ok: boolean;
  readonly events: number;
  /** Events whose content an erasure has taken: the chain proves that they were, and no more what they said. */
  readonly erased: number;
  /** The last event that follows from the first one; undefined for an empty chain. */
  readonly head: ChainHead | undefined;
  /** The event up to which a checkpoint with a valid signature proves the chain; 0 without one. */
  readonly provenSeq: number;
  readonly problems: readonly ChainProblem[];
  /** Problems beyond the first 100, which are not listed. */
  readonly moreProblems: number;
}

/** What an event leaves behind for the one after it. */
type Link = Pick<AuditRow, 'seq' | 'prev_hash' | 'hash'>;

const MAX_PROBLEMS = 100;

/**
 * Verifies one chain. Events and checkpoints may come in any order: an export is ordered by id, and two processes that
 * write within a millisecond make ids in another order than the chain's. Memory holds a hash of each event, and what is
 * ahead of a missing one.
 */
export class ChainVerifier {
  readonly #tenantId: string | null;
  readonly #start: ChainHead | undefined;
  readonly #ahead = new Map<number, Link>();
  readonly #checkpoints: CheckpointRow[] = [];
  readonly #hashes = new HashLog();
  readonly #problems: ChainProblem[] = [];
  #found = 0;
  #events = 0;
  #erased = 0;
  #seq: number;
  #hash: Buffer;

  /** @param start the event that was verified last, when only later ones are given */
  constructor(tenantId: string | null, start?: ChainHead) {
    this.#tenantId = tenantId;
    this.#start = start;
    this.#seq = start?.seq ?? 0;
    this.#hash = start?.hash ?? GENESIS_HASH;
    if (start !== undefined) this.#hashes.set(start.seq, start.hash);
  }

  /** Takes a checkpoint. */
  addCheckpoint(checkpoint: CheckpointRow): void {
    this.#checkpoints.push(checkpoint);
  }

  /** Takes an event. */
  addEvent(event: AuditRow): void {
    this.#events += 1;
    if (event.tenant_id !== this.#tenantId) this.#note('foreign_tenant', event.seq, `it is of ${event.tenant_id}`);
    if (!hashEvent(event).equals(event.hash)) this.#note('edited', event.seq, 'its hash is not that of its content');
    if (event.salt === null) this.#erased += 1;
    else if (!commitTo(event, event.salt).equals(event.commitment)) {
      this.#note('content_edited', event.seq, 'it does not say what it committed to');
    }
    if (event.seq <= this.#seq || this.#ahead.has(event.seq)) {
      this.#note('repeated', event.seq, 'another event has its number');
      return;
    }
    const { seq, prev_hash, hash } = event;
    this.#ahead.set(seq, { seq, prev_hash, hash });
    this.#advance();
  }

  /**
   * Ends the verification.
   * @param signers the keys whose checkpoints are trusted; undefined compares checkpoints and proves nothing by them
   */
  finish(signers: readonly KeyObject[] | undefined): ChainReport {
    const ahead = [...this.#ahead.values()].toSorted((a, b) => a.seq - b.seq);
    const lastSeq = ahead.at(-1)?.seq ?? this.#seq;
    for (const link of ahead) {
      if (link.seq > this.#seq + 1) this.#noteMissing(this.#seq + 1, link.seq - 1);
      else this.#checkLink(link);
      this.#take(link);
    }
    let provenSeq = 0;
    for (const checkpoint of this.#checkpoints) {
      const holds = this.#holds(checkpoint, signers, lastSeq);
      if (holds && signers !== undefined) provenSeq = Math.max(provenSeq, checkpoint.seq);
    }
    const hasEvents = this.#seq > 0;
    return {
      ok: this.#found === 0,
      events: this.#events,
      erased: this.#erased,
      head: hasEvents ? { tenant_id: this.#tenantId, seq: this.#seq, hash: this.#hash } : this.#start,
      provenSeq,
      problems: this.#problems,
      moreProblems: this.#found - this.#problems.length,
    };
  }

  /** Goes on while the next event is there. */
  #advance(): void {
    for (let next = this.#ahead.get(this.#seq + 1); next !== undefined; next = this.#ahead.get(this.#seq + 1)) {
      this.#ahead.delete(next.seq);
      this.#checkLink(next);
      this.#take(next);
    }
  }

  #checkLink({ seq, prev_hash }: Link): void {
    if (!prev_hash.equals(this.#hash)) this.#note('broken_link', seq, 'it does not follow the event before it');
  }

  #take({ seq, hash }: Link): void {
    this.#seq = seq;
    this.#hash = hash;
    this.#hashes.set(seq, hash);
  }

  #holds(checkpoint: CheckpointRow, signers: readonly KeyObject[] | undefined, lastSeq: number): boolean {
    const { seq } = checkpoint;
    const signature = signers === undefined ? undefined : checkSignature(checkpoint, signers);
    const found = this.#hashes.get(seq);
    // One that lies before the start was compared when the start was.
    if (found === undefined && seq <= (this.#start?.seq ?? 0)) return false;
    if (checkpoint.tenant_id !== this.#tenantId)
      this.#note('foreign_tenant', seq, 'the checkpoint is of another chain');
    else if (signature !== undefined) this.#note(signature.kind, seq, signature.detail);
    else if (seq > lastSeq) this.#noteTruncated(lastSeq, seq);
    else if (found !== undefined && !found.equals(checkpoint.hash)) {
      this.#note('checkpoint_differs', seq, 'the chain was written anew after the checkpoint');
    } else return found !== undefined;
    return false;
  }

  #noteMissing(from: number, to: number): void {
    this.#note('missing', from, from === to ? 'it is not there' : `events ${from} to ${to} are not there`);
  }

  #noteTruncated(lastSeq: number, seq: number): void {
    this.#note('truncated', lastSeq, `a checkpoint proves ${seq} events, the last one here is ${lastSeq}`);
  }

  #note(kind: ChainProblem['kind'], seq: number, detail: string): void {
    this.#found += 1;
    if (this.#problems.length < MAX_PROBLEMS) this.#problems.push({ kind, seq, detail });
  }
}

/** What is wrong with the signature of a checkpoint. */
function checkSignature(
  checkpoint: CheckpointRow,
  signers: readonly KeyObject[],
): Pick<ChainProblem, 'kind' | 'detail'> | undefined {
  const { key_id: keyId } = checkpoint;
  const signer = signers.find((key) => checkpointKeyId(key) === keyId);
  if (signer === undefined) return { kind: 'unknown_signer', detail: `the checkpoint's key ${keyId} is not known` };
  if (isCheckpointOf(checkpoint, signer)) return undefined;
  return { kind: 'signature_invalid', detail: 'the checkpoint was altered' };
}
