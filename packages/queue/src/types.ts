import type { JobResult } from './job-result.ts';

/** Declaration of one kind of job. All of them are in @aion/contracts. */
export interface JobDefinition<TPayload> {
  /** Queue of the job, a plural noun. A queue contains one kind of job. */
  readonly queue: string;
  /** Verb and noun, such as `run-export`. */
  readonly name: string;
  /** Returns the validated payload. @throws Error when the payload is invalid */
  parse(payload: unknown): TPayload;
}

/** Options of `JobQueue.add`. */
export interface AddJobOptions {
  /** Usually the id of the row that the job processes. Neither an integer nor with a colon, which BullMQ rejects. */
  readonly jobId: string;
  /** Time before the job is due; default 0. */
  readonly delayMs?: number;
  /** Number of attempts before the job fails permanently; default 5. */
  readonly attempts?: number;
  /** Pause after the first failed attempt, doubled after each further one; default 1 000. */
  readonly backoffMs?: number;
}

/** Number of jobs in one queue by state. */
export interface JobCounts {
  readonly waiting: number;
  readonly delayed: number;
  readonly active: number;
  readonly completed: number;
  readonly failed: number;
}

/** Producer side of a queue. */
export interface JobQueue<TPayload> {
  /**
   * Adds a job inside a PRODUCER span, and propagates its context. Does nothing when a job with the same id is waiting,
   * active or completed within the retention; replaces one that has failed.
   *
   * @throws Error when the payload is invalid, or when the backend is unreachable: then the job may still have been added.
   */
  add(payload: TPayload, options: AddJobOptions): Promise<void>;
  counts(): Promise<JobCounts>;
  /** Returns how long the oldest waiting job has been due; 0 when none is waiting. A delay counts from its end. */
  oldestWaitingAgeMs(): Promise<number>;
}

/** Context of one run, passed to the handler. */
export interface JobContext {
  readonly id: string;
  /** From 1. A run whose process died does not count, so the next run has the same number. */
  readonly attempt: number;
  /** Aborted when the worker closes and its grace period is over, or when another worker has taken over the job. */
  readonly signal: AbortSignal;
}

/**
 * Processes a job. It may run more than once for one job, and even twice at a time, so it must be idempotent and fence
 * its writes. An error that it throws uses up an attempt.
 */
export type JobHandler<TPayload> = (payload: TPayload, job: JobContext) => Promise<JobResult>;

/** Options of a worker. */
export interface JobWorkerOptions {
  /** Maximum number of concurrent jobs; default 1. */
  readonly concurrency?: number;
  /** Lifetime of a job's lock unless its worker renews it; another worker may take over the job after it. Default 30 000. */
  readonly lockDurationMs?: number;
  /** Interval of the check for expired locks; default 30 000. The second check after the expiry takes over the job. */
  readonly stalledIntervalMs?: number;
  /** Maximum number of takeovers from dead workers before a job fails permanently; default 10. */
  readonly maxStalledCount?: number;
  /** Time that running jobs have on close before their signals are aborted; default 20 000. */
  readonly graceMs?: number;
  /** Time that they have after that before they are released to the queue unfinished; default 5 000. */
  readonly abortGraceMs?: number;
}

/** Consumer side of a queue, which runs until it is closed. */
export interface JobWorker {
  /** Resolves when the worker has started to fetch. It retries while the backend is unreachable. */
  ready(): Promise<void>;
  /**
   * Stops fetching, waits up to `graceMs` for running jobs, then aborts their signals. A job that ends because of the
   * abort is released to the queue without using up an attempt. Never rejects; bounded in time even when the backend is
   * unreachable.
   */
  close(): Promise<void>;
}

/** Queues of a process, on PostgreSQL or on Redis. */
export interface QueueBackend {
  readonly kind: 'postgres' | 'redis';
  queue<TPayload>(definition: JobDefinition<TPayload>): JobQueue<TPayload>;
  worker<TPayload>(
    definition: JobDefinition<TPayload>,
    handler: JobHandler<TPayload>,
    options?: JobWorkerOptions,
  ): JobWorker;
  /** Reads the counts of a queue. @throws Error when there is no response within two seconds */
  ping(): Promise<void>;
  /** Closes all workers, then the connections. Idempotent. */
  close(): Promise<void>;
}
