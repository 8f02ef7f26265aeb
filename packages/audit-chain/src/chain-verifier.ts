import type { KeyObject } from 'node:crypto';
import type { AuditRow, ChainHead, CheckpointRow } from './audit-row.ts';
import { commitTo, GENESIS_HASH, hashEvent } from './chain-hash.ts';
import { checkpointKeyId, isCheckpointOf } from './checkpoint.ts';
import { isErasedContent } from './erased-content.ts';
import { HashLog } from './hash-log.ts';

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
    | 'unknown_signer'
    | 'unreadable'
    | 'erasure_unknown'
    | 'unproven';
  readonly seq: number;
  readonly detail: string;
}

/** What a verifier found. */
export interface ChainReport {
  readonly ok: boolean;
  readonly events: number;
  /** Events whose content an erasure has taken: the chain proves that they were, and no more what they said. */
  readonly erased: number;
  /** The first of these; 0 when there is none. */
  readonly firstErasedSeq: number;
  /** How many events were compared with what they were before. */
  readonly earlier: number;
  /** The last event that follows from the first one; undefined for an empty chain. */
  readonly head: ChainHead | undefined;
  /** The event up to which a checkpoint with a valid signature proves the chain; 0 without one. */
  readonly provenSeq: number;
  readonly problems: readonly ChainProblem[];
  /** Problems beyond the first 100, which are not listed. */
  readonly moreProblems: number;
}

/** What is said of an event elsewhere: by a checkpoint, or by what is known of the chain from before. */
interface Statement {
  readonly hash: Buffer;
  readonly isCheckpoint: boolean;
}

/** What an event leaves behind for the one after it. */
type Link = Pick<AuditRow, 'seq' | 'prev_hash' | 'hash'>;

/** With what a chain is verified. */
export interface ChainVerifierOptions {
  /** The keys whose checkpoints are trusted; undefined compares checkpoints and proves nothing by them. */
  readonly signers: readonly KeyObject[] | undefined;
  /** The event that was verified last, when only later ones are given. */
  readonly start?: ChainHead | undefined;
  /**
   * Events come in the order of their numbers, and each checkpoint before its event: so that nothing of what has passed is
   * held in memory.
   */
  readonly isInOrder?: boolean;
}

const MAX_PROBLEMS = 100;

/**
 * Verifies one chain. Events and checkpoints may come in any order: an export is ordered by id, and two processes that
 * write within a millisecond make ids in another order than the chain's. Memory holds what is ahead of a missing event,
 * the checkpoints of events that have not come yet, and, unless they come in order, a hash of each event.
 */
export class ChainVerifier {
  readonly #tenantId: string | null;
  readonly #signers: ReadonlyMap<string, KeyObject> | undefined;
  readonly #start: ChainHead | undefined;
  readonly #isInOrder: boolean;
  readonly #ahead = new Map<number, Link>();
  /** What is said of events that have not come yet. */
  readonly #awaited = new Map<number, readonly Statement[]>();
  readonly #hashes = new HashLog();
  readonly #earlierHashes = new HashLog();
  #earlier = 0;
  readonly #problems: ChainProblem[] = [];
  #found = 0;
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

  /** Takes a checkpoint. */
  addCheckpoint(checkpoint: CheckpointRow): void {
    const { seq, hash } = checkpoint;
    // One that lies before the start was compared when the start was.
    if (seq < (this.#start?.seq ?? 0)) return;
    const flaw = this.#signers && findFlaw(checkpoint, this.#signers);
    if (checkpoint.tenant_id !== this.#tenantId) {
      this.#note('foreign_tenant', seq, 'the checkpoint is of another chain');
    } else if (flaw !== undefined) this.#note(flaw.kind, seq, flaw.detail);
    else this.#compareOrAwait(seq, { hash, isCheckpoint: true });
  }

  /** Takes an event as it was before, from where whoever can change the chain has no access: it must still be that one. */
  addEarlier({ seq, hash }: Pick<ChainHead, 'seq' | 'hash'>): void {
    // What an event, its checkpoint and a log say of it is one thing.
    if (seq < (this.#start?.seq ?? 0) || this.#earlierHashes.get(seq)?.equals(hash) === true) return;
    this.#earlierHashes.set(seq, hash);
    this.#earlier += 1;
    this.#compareOrAwait(seq, { hash, isCheckpoint: false });
  }

  /** Takes note of a row that is there and is no event or no checkpoint. */
  addUnreadable(seq: number, detail: string): void {
    this.#note('unreadable', seq, detail);
  }

  /** Takes an event. */
  addEvent(event: AuditRow): void {
    this.#events += 1;
    if (event.tenant_id !== this.#tenantId) this.#note('foreign_tenant', event.seq, `it is of ${event.tenant_id}`);
    if (!hashEvent(event).equals(event.hash)) this.#note('edited', event.seq, 'its hash is not that of its content');
    this.#checkContent(event);
    if (event.seq <= this.#seq || this.#ahead.has(event.seq)) {
      this.#note('repeated', event.seq, 'another event has its number');
      return;
    }
    const { seq, prev_hash, hash } = event;
    this.#ahead.set(seq, { seq, prev_hash, hash });
    if (this.#isInOrder) this.#takeAhead();
    else this.#advance();
  }

  /** Ends the verification. */
  finish(): ChainReport {
    this.#takeAhead();
    this.#noteTruncation();
    const hasEvents = this.#seq > 0;
    return {
      ok: this.#found === 0,
      events: this.#events,
      erased: this.#erased,
      firstErasedSeq: this.#firstErasedSeq,
      earlier: this.#earlier,
      head: hasEvents ? { tenant_id: this.#tenantId, seq: this.#seq, hash: this.#hash } : this.#start,
      provenSeq: this.#provenSeq,
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

  /** Goes on to the last event that is there, over those that are not. */
  #takeAhead(): void {
    for (const link of [...this.#ahead.values()].toSorted((a, b) => a.seq - b.seq)) {
      if (link.seq > this.#seq + 1) this.#noteMissing(this.#seq + 1, link.seq - 1);
      else this.#checkLink(link);
      this.#take(link);
    }
    this.#ahead.clear();
  }

  #checkLink({ seq, prev_hash }: Link): void {
    if (!prev_hash.equals(this.#hash)) this.#note('broken_link', seq, 'it does not follow the event before it');
  }

  #take({ seq, hash }: Link): void {
    this.#seq = seq;
    this.#hash = hash;
    if (!this.#isInOrder) this.#hashes.set(seq, hash);
    for (const statement of this.#awaited.get(seq) ?? []) this.#compare(seq, hash, statement);
    this.#awaited.delete(seq);
  }

  #checkContent(event: AuditRow): void {
    const { seq, salt, commitment } = event;
    if (salt !== null) {
      if (commitTo(event, salt).equals(commitment)) return;
      this.#note('content_edited', seq, 'it does not say what it committed to');
    } else if (isErasedContent(event)) {
      this.#firstErasedSeq = this.#erased === 0 ? seq : Math.min(seq, this.#firstErasedSeq);
      this.#erased += 1;
    } else this.#note('content_edited', seq, 'it has no salt, and says what no erasure leaves');
  }

  #compareOrAwait(seq: number, statement: Statement): void {
    const hash = this.#hashes.get(seq);
    if (hash !== undefined) this.#compare(seq, hash, statement);
    else this.#awaited.set(seq, [...(this.#awaited.get(seq) ?? []), statement]);
  }

  /** Compares an event with what is said of it. */
  #compare(seq: number, hash: Buffer, { hash: said, isCheckpoint }: Statement): void {
    if (hash.equals(said)) {
      if (isCheckpoint && this.#signers !== undefined) this.#provenSeq = Math.max(this.#provenSeq, seq);
    } else if (isCheckpoint) this.#note('checkpoint_differs', seq, 'the chain was written anew after the checkpoint');
    else this.#note('edited', seq, 'it was another event before');
  }

  #noteMissing(from: number, to: number): void {
    this.#note('missing', from, from === to ? 'it is not there' : `events ${from} to ${to} are not there`);
  }

  /** An end that is missing is one problem, however much is said of it. */
  #noteTruncation(): void {
    let last = 0;
    for (const seq of this.#awaited.keys()) last = Math.max(last, seq);
    // What is said of an event that is missing before the last one says nothing more than that.
    if (last <= this.#seq) return;
    const isProven = this.#awaited.get(last)?.some(({ isCheckpoint }) => isCheckpoint) === true;
    const what = isProven ? 'a checkpoint proves' : 'before, there were';
    this.#note('truncated', this.#seq, `${what} ${last} events, the last one here is ${this.#seq}`);
  }

  #note(kind: ChainProblem['kind'], seq: number, detail: string): void {
    this.#found += 1;
    if (this.#problems.length < MAX_PROBLEMS) this.#problems.push({ kind, seq, detail });
  }
}

/** What is wrong with the signature of a checkpoint. */
function findFlaw(
  checkpoint: CheckpointRow,
  signers: ReadonlyMap<string, KeyObject>,
): Pick<ChainProblem, 'kind' | 'detail'> | undefined {
  const { key_id: keyId } = checkpoint;
  const signer = signers.get(keyId);
  if (signer === undefined) return { kind: 'unknown_signer', detail: `the checkpoint's key ${keyId} is not known` };
  if (isCheckpointOf(checkpoint, signer)) return undefined;
  return { kind: 'signature_invalid', detail: 'the checkpoint was altered' };
}
