import type { KeyObject } from 'node:crypto';
import type { AuditRow, ChainHead, CheckpointRow } from './audit-row.ts';
import { computeCommitment, GENESIS_HASH, hashEvent } from './hash-event.ts';
import { checkpointKeyId, verifyCheckpoint } from './sign-checkpoint.ts';
import { isErasedContent } from './erased-content.ts';
import { HashLog } from './hash-log.ts';

/** A problem of a chain and the event that it concerns. */
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
    | 'unknown_signer'
    | 'unreadable'
    | 'erasure_unknown'
    | 'unproven';
  readonly seq: number;
  readonly detail: string;
}

/** The result of a verification. */
export interface ChainReport {
  readonly ok: boolean;
  readonly events: number;
  /** Events whose content an erasure has removed: the chain proves that they existed, and no longer their content. */
  readonly erased: number;
  /** Number of the first erased event; 0 when there is none. */
  readonly firstErasedSeq: number;
  /** Number of events that were compared with an earlier copy. */
  readonly earlier: number;
  /** The last event of the chain; undefined for an empty chain. */
  readonly head: ChainHead | undefined;
  /** The event up to which a checkpoint with a valid signature proves the chain; 0 without one. */
  readonly provenSeq: number;
  readonly problems: readonly ChainProblem[];
  /** Problems beyond the first 100, which are not listed. */
  readonly moreProblems: number;
}

/** The expected hash of an event, from a checkpoint or from an earlier copy of the chain. */
interface ExpectedHash {
  readonly hash: Buffer;
  readonly isCheckpoint: boolean;
}

/** The fields of an event that the next event links to. */
type Link = Pick<AuditRow, 'seq' | 'prev_hash' | 'hash'>;

/** Options of {@link ChainVerifier}. */
export interface ChainVerifierOptions {
  /** The keys whose checkpoints are trusted; with undefined checkpoints are compared, but prove nothing. */
  readonly signers: readonly KeyObject[] | undefined;
  /** The last event of an earlier verification, when only later events are added. */
  readonly start?: ChainHead | undefined;
  /**
   * Events are added in the order of their numbers, and each checkpoint before its event, so that memory contains nothing
   * about verified events.
   */
  readonly isInOrder?: boolean;
}

const MAX_PROBLEMS = 100;

/**
 * Verifies one chain. Events and checkpoints may be added in any order: an export is ordered by id, and two processes that
 * write within one millisecond create ids in another order than the chain's. Memory contains the events after a missing
 * one, the checkpoints of events that were not added yet and, unless events are added in order, a hash of each event.
 */
export class ChainVerifier {
  readonly #tenantId: string | null;
  readonly #signers: ReadonlyMap<string, KeyObject> | undefined;
  readonly #start: ChainHead | undefined;
  readonly #isInOrder: boolean;
  readonly #pending = new Map<number, Link>();
  /** Expected hashes of events that were not added yet. */
  readonly #expected = new Map<number, readonly ExpectedHash[]>();
  readonly #hashes = new HashLog();
  readonly #earlierHashes = new HashLog();
  #earlier = 0;
  readonly #problems: ChainProblem[] = [];
  #problemCount = 0;
  #events = 0;
  #erased = 0;
  #firstErasedSeq = 0;
  #provenSeq = 0;
  #seq: number;
  #hash: Buffer;

  constructor(tenantId: string | null, { signers, start, isInOrder = false }: ChainVerifierOptions) {
    this.#tenantId = tenantId;
    this.#signers = signers && new Map(signers.map((key) => [checkpointKeyId(key), key]));
    this.#start = start;
    this.#isInOrder = isInOrder;
    this.#seq = start?.seq ?? 0;
    this.#hash = start?.hash ?? GENESIS_HASH;
    if (start !== undefined) this.#hashes.set(start.seq, start.hash);
  }

  /** Adds a checkpoint. */
  addCheckpoint(checkpoint: CheckpointRow): void {
    const { seq, hash } = checkpoint;
    // A checkpoint before the start was compared by the earlier verification.
    if (seq < (this.#start?.seq ?? 0)) return;
    const problem = this.#signers && findSignatureProblem(checkpoint, this.#signers);
    if (checkpoint.tenant_id !== this.#tenantId) {
      this.#addProblem('foreign_tenant', seq, 'the checkpoint is of another chain');
    } else if (problem !== undefined) this.#addProblem(problem.kind, seq, problem.detail);
    else this.#compareOrExpect(seq, { hash, isCheckpoint: true });
  }

  /** Adds an event from an earlier copy that somebody who can change the chain cannot access: the chain must still contain it. */
  addEarlier({ seq, hash }: Pick<ChainHead, 'seq' | 'hash'>): void {
    // An event, its checkpoint and its log line may all be added; they count once.
    if (seq < (this.#start?.seq ?? 0) || this.#earlierHashes.get(seq)?.equals(hash) === true) return;
    this.#earlierHashes.set(seq, hash);
    this.#earlier += 1;
    this.#compareOrExpect(seq, { hash, isCheckpoint: false });
  }

  /** Adds a problem for a row that is not a valid event or checkpoint. */
  addUnreadable(seq: number, detail: string): void {
    this.#addProblem('unreadable', seq, detail);
  }

  /** Adds an event. */
  addEvent(event: AuditRow): void {
    this.#events += 1;
    if (event.tenant_id !== this.#tenantId)
      this.#addProblem('foreign_tenant', event.seq, `it is of ${event.tenant_id}`);
    if (!hashEvent(event).equals(event.hash))
      this.#addProblem('edited', event.seq, 'its hash is not that of its content');
    this.#checkContent(event);
    if (event.seq <= this.#seq || this.#pending.has(event.seq)) {
      this.#addProblem('repeated', event.seq, 'another event has its number');
      return;
    }
    const { seq, prev_hash, hash } = event;
    this.#pending.set(seq, { seq, prev_hash, hash });
    if (this.#isInOrder) this.#acceptPending();
    else this.#acceptConsecutive();
  }

  /** Ends the verification. */
  finish(): ChainReport {
    this.#acceptPending();
    this.#addTruncation();
    const hasEvents = this.#seq > 0;
    return {
      ok: this.#problemCount === 0,
      events: this.#events,
      erased: this.#erased,
      firstErasedSeq: this.#firstErasedSeq,
      earlier: this.#earlier,
      head: hasEvents ? { tenant_id: this.#tenantId, seq: this.#seq, hash: this.#hash } : this.#start,
      provenSeq: this.#provenSeq,
      problems: this.#problems,
      moreProblems: this.#problemCount - this.#problems.length,
    };
  }

  /** Accepts pending events up to the first missing one. */
  #acceptConsecutive(): void {
    for (let next = this.#pending.get(this.#seq + 1); next !== undefined; next = this.#pending.get(this.#seq + 1)) {
      this.#pending.delete(next.seq);
      this.#checkLink(next);
      this.#accept(next);
    }
  }

  /** Accepts all pending events and reports the missing ones between them. */
  #acceptPending(): void {
    for (const link of [...this.#pending.values()].toSorted((a, b) => a.seq - b.seq)) {
      if (link.seq > this.#seq + 1) this.#addMissing(this.#seq + 1, link.seq - 1);
      else this.#checkLink(link);
      this.#accept(link);
    }
    this.#pending.clear();
  }

  #checkLink({ seq, prev_hash }: Link): void {
    if (!prev_hash.equals(this.#hash)) this.#addProblem('broken_link', seq, 'it does not follow the event before it');
  }

  #accept({ seq, hash }: Link): void {
    this.#seq = seq;
    this.#hash = hash;
    if (!this.#isInOrder) this.#hashes.set(seq, hash);
    for (const expected of this.#expected.get(seq) ?? []) this.#compare(seq, hash, expected);
    this.#expected.delete(seq);
  }

  #checkContent(event: AuditRow): void {
    const { seq, salt, commitment } = event;
    if (salt !== null) {
      if (computeCommitment(event, salt).equals(commitment)) return;
      this.#addProblem('content_edited', seq, 'its content does not match its commitment');
    } else if (isErasedContent(event)) {
      this.#firstErasedSeq = this.#erased === 0 ? seq : Math.min(seq, this.#firstErasedSeq);
      this.#erased += 1;
    } else this.#addProblem('content_edited', seq, 'it has no salt, but content that no erasure leaves');
  }

  #compareOrExpect(seq: number, expected: ExpectedHash): void {
    const hash = this.#hashes.get(seq);
    if (hash !== undefined) this.#compare(seq, hash, expected);
    else this.#expected.set(seq, [...(this.#expected.get(seq) ?? []), expected]);
  }

  /** Compares the hash of an event with an expected one. */
  #compare(seq: number, hash: Buffer, { hash: expected, isCheckpoint }: ExpectedHash): void {
    if (hash.equals(expected)) {
      if (isCheckpoint && this.#signers !== undefined) this.#provenSeq = Math.max(this.#provenSeq, seq);
    } else if (isCheckpoint)
      this.#addProblem('checkpoint_differs', seq, 'the chain was rewritten after the checkpoint');
    else this.#addProblem('edited', seq, 'it was another event before');
  }

  #addMissing(from: number, to: number): void {
    this.#addProblem('missing', from, from === to ? 'it is missing' : `events ${from} to ${to} are missing`);
  }

  /** Reports a missing end as one problem, whatever the number of expected hashes. */
  #addTruncation(): void {
    let last = 0;
    for (const seq of this.#expected.keys()) last = Math.max(last, seq);
    // A missing event before the last one has been reported already.
    if (last <= this.#seq) return;
    const isProven = this.#expected.get(last)?.some(({ isCheckpoint }) => isCheckpoint) === true;
    const what = isProven ? 'a checkpoint proves' : 'before, there were';
    this.#addProblem('truncated', this.#seq, `${what} ${last} events, the last one here is ${this.#seq}`);
  }

  #addProblem(kind: ChainProblem['kind'], seq: number, detail: string): void {
    this.#problemCount += 1;
    if (this.#problems.length < MAX_PROBLEMS) this.#problems.push({ kind, seq, detail });
  }
}

/** Returns the problem of the signature of a checkpoint, if it has one. */
function findSignatureProblem(
  checkpoint: CheckpointRow,
  signers: ReadonlyMap<string, KeyObject>,
): Pick<ChainProblem, 'kind' | 'detail'> | undefined {
  const { key_id: keyId } = checkpoint;
  const signer = signers.get(keyId);
  if (signer === undefined) return { kind: 'unknown_signer', detail: `the checkpoint's key ${keyId} is not known` };
  if (verifyCheckpoint(checkpoint, signer)) return undefined;
  return { kind: 'signature_invalid', detail: 'the checkpoint was altered' };
}
