import { Readable } from 'node:stream';
import { ConflictError, NotFoundError } from '@aion/errors';
import type { Claim, ClaimedExport, ExportFailure, ExportRef, SealedExport, SnapshotHead } from '../export.ts';
import type { ExportGateway, LeaseReport, Snapshot } from '../export-gateway.ts';

/** The methods before which a test may do or throw something. */
export type GatewayMethod = 'claim' | 'renew' | 'complete' | 'fail' | 'openSnapshot' | 'readRows';

/** One export of database-gateway in memory, with its rules: epochs, leases, and the states of lifecycle 2.2. */
export class FakeExportGateway implements ExportGateway {
  state: 'requested' | 'running' | 'sealing' | 'ready' | 'failed' = 'requested';
  epoch = 0;
  recipient: string;
  /** Whether somebody else's lease is alive. */
  heldForSeconds: number | undefined;
  tables: Record<string, readonly string[]> = {};
  /** What the database is said to have counted, when it is not the truth. */
  counts: Record<string, number> = {};
  sealed: SealedExport | undefined;
  failure: ExportFailure | undefined;
  readonly renewals: LeaseReport[] = [];
  readonly calls: GatewayMethod[] = [];
  snapshotsOpen = 0;
  /** Called before a method works; what it throws is thrown. */
  before: Partial<Record<GatewayMethod, (signal?: AbortSignal) => Promise<void> | void>> = {};
  /** Called after a method has worked: an answer that is lost on its way. */
  after: Partial<Record<GatewayMethod, () => void>> = {};
  /** Loses the open snapshot. */
  loseSnapshot: (reason: Error) => void = () => undefined;

  constructor(recipient: string) {
    this.recipient = recipient;
  }

  async claim(ref: ExportRef): Promise<Claim> {
    await this.#enter('claim');
    if (this.state === 'ready' || this.state === 'failed') return { outcome: 'finished', state: this.state };
    if (this.heldForSeconds !== undefined) {
      throw new ConflictError('Another worker holds it.', { retryAfterSeconds: this.heldForSeconds });
    }
    this.epoch += 1;
    this.state = 'running';
    const { epoch, recipient } = this;
    return { outcome: 'claimed', claimed: { ...ref, epoch, recipient } };
  }

  async renew(claimed: ClaimedExport, report: LeaseReport, signal?: AbortSignal): Promise<void> {
    await this.#enter('renew', signal);
    this.#check(claimed);
    this.state = report.state;
    this.renewals.push(report);
  }

  async complete(claimed: ClaimedExport, sealed: SealedExport): Promise<void> {
    await this.#enter('complete');
    if (this.state !== 'ready' || this.epoch !== claimed.epoch) {
      this.#check(claimed);
      if (this.state !== 'sealing') throw new ConflictError(`The export is ${this.state}.`);
      this.state = 'ready';
      this.sealed = sealed;
    }
    this.after.complete?.();
  }

  async fail(claimed: ClaimedExport, failure: ExportFailure): Promise<void> {
    await this.#enter('fail');
    this.#check(claimed);
    this.state = 'failed';
    this.failure = failure;
  }

  async openSnapshot(claimed: ClaimedExport, signal: AbortSignal): Promise<Snapshot> {
    await this.#enter('openSnapshot', signal);
    this.#check(claimed);
    this.snapshotsOpen += 1;
    let open = true;
    const lost = new Promise<Error>((resolve) => {
      this.loseSnapshot = resolve;
    });
    const close = (): void => {
      if (open) this.snapshotsOpen -= 1;
      open = false;
    };
    return { head: this.#head(), lost, close };
  }

  async readRows(
    claimed: ClaimedExport,
    _snapshotId: string,
    table: string,
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>> {
    await this.#enter('readRows', signal);
    this.#check(claimed);
    return Readable.from(
      (this.tables[table] ?? []).map((row) => Buffer.from(`${row}\n`)),
      { objectMode: false, signal },
    );
  }

  readKeys(): Promise<readonly string[]> {
    if (this.sealed === undefined) throw new NotFoundError('There is no bundle.');
    return Promise.resolve(this.sealed.files.map((file) => file.key));
  }

  async #enter(method: GatewayMethod, signal?: AbortSignal): Promise<void> {
    this.calls.push(method);
    await this.before[method]?.(signal);
  }

  #check({ epoch }: ClaimedExport): void {
    if (epoch === this.epoch && (this.state === 'running' || this.state === 'sealing')) return;
    throw new ConflictError(`Epoch ${epoch} is over.`);
  }

  #head(): SnapshotHead {
    return {
      snapshotId: '00000003-0000001B-1',
      xid: '771',
      lsn: '0/16B3748',
      takenAt: new Date('2026-01-31T12:00:01.000Z'),
      schemaFingerprint: 'f'.repeat(64),
      migration: '20260131120000_first',
      tables: Object.entries(this.tables).map(([name, rows]) => ({
        name,
        orderBy: ['id'],
        columns: [{ name: 'id', type: 'bigint' }],
        rows: this.counts[name] ?? rows.length,
      })),
      excluded: [{ name: 'api_keys', reason: 'Secrets are never exported.' }],
    };
  }
}
