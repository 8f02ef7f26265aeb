import { Readable } from 'node:stream';
import type { ExportState } from '@aion/contracts';
import { ConflictError, NotFoundError } from '@aion/errors';
import type {
  Claim,
  ClaimedExport,
  ExportFailure,
  ExportGateway,
  ExportRef,
  FinalizedExport,
  LeaseReport,
  Snapshot,
  SnapshotHead,
} from '../export-gateway.ts';

/** Methods that a test can delay or make fail. */
export type GatewayMethod = 'claim' | 'renew' | 'complete' | 'fail' | 'openSnapshot' | 'readRows';

/** In-memory database-gateway with one export, and with its rules for fencing tokens, leases and states. */
export class FakeExportGateway implements ExportGateway {
  state: ExportState = 'requested';
  fencingToken = 0;
  recipient: string;
  /** Remaining time of another worker's lease. */
  leasedForSeconds: number | undefined;
  tables: Record<string, readonly string[]> = {};
  /** Wrong counts of rows, by table. */
  counts: Record<string, number> = {};
  finalized: FinalizedExport | undefined;
  failure: ExportFailure | undefined;
  readonly renewals: LeaseReport[] = [];
  readonly calls: GatewayMethod[] = [];
  snapshotsOpen = 0;
  /** Called at the start of a method, which throws its errors. */
  before: Partial<Record<GatewayMethod, (signal?: AbortSignal) => Promise<void> | void>> = {};
  /** Called at the end of a method; throws to simulate a lost answer. */
  after: Partial<Record<GatewayMethod, () => void>> = {};
  /** Loses the open snapshot. */
  loseSnapshot: (reason: Error) => void = () => undefined;

  constructor(recipient: string) {
    this.recipient = recipient;
  }

  async claim(ref: ExportRef): Promise<Claim> {
    await this.#enter('claim');
    if (this.state === 'ready' || this.state === 'failed') return { outcome: 'finished', state: this.state };
    if (this.leasedForSeconds !== undefined) {
      throw new ConflictError('Another worker holds the lease.', { retryAfterSeconds: this.leasedForSeconds });
    }
    this.fencingToken += 1;
    this.state = 'running';
    const { fencingToken, recipient } = this;
    return { outcome: 'claimed', claimed: { ...ref, fencingToken, recipient } };
  }

  async renew(claimed: ClaimedExport, report: LeaseReport, signal?: AbortSignal): Promise<void> {
    await this.#enter('renew', signal);
    this.#check(claimed);
    this.state = report.state;
    this.renewals.push(report);
  }

  async complete(claimed: ClaimedExport, finalized: FinalizedExport): Promise<void> {
    await this.#enter('complete');
    if (this.state !== 'ready' || this.fencingToken !== claimed.fencingToken) {
      this.#check(claimed);
      if (this.state !== 'sealing') throw new ConflictError(`The export is ${this.state}.`);
      this.state = 'ready';
      this.finalized = finalized;
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
    if (this.finalized === undefined) throw new NotFoundError('The export has no bundle.');
    return Promise.resolve(this.finalized.files.map((file) => file.key));
  }

  async #enter(method: GatewayMethod, signal?: AbortSignal): Promise<void> {
    this.calls.push(method);
    await this.before[method]?.(signal);
  }

  #check({ fencingToken }: ClaimedExport): void {
    if (fencingToken === this.fencingToken && (this.state === 'running' || this.state === 'sealing')) return;
    throw new ConflictError(`Fencing token ${fencingToken} is no longer valid.`);
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
