/** One kind of job. The declarations are in @aion/contracts. */
export interface JobDefinition<TPayload> {
  /** The queue that the job waits in: a plural noun. A queue holds one kind of job. */
  readonly queue: string;
  /** A verb and a noun. */
  readonly name: string;
  /** Throws for a payload that is not one of this job. */
  parse(payload: unknown): TPayload;
}

/** How a job is added. */
export interface AddJobOptions {
  /** Usually the id of the row that the job is about; not a bare integer, and without a colon. */
  readonly jobId: string;
  /** Not before this time has passed; default 0. */
  readonly delayMs?: number;
  /** Runs before the job has failed for good; default 5. */
  readonly attempts?: number;
  /** Pause after the first failed run, doubled after each further one; default 1 000. */
  readonly backoffMs?: number;
}

/** Jobs of one queue by state. */
export interface JobCounts {
  readonly waiting: number;
  readonly delayed: number;
  readonly active: number;
  readonly completed: number;
  readonly failed: number;
}

/** The sending side of a queue. */
export interface JobQueue<TPayload> {
  /**
   * Adds a job, within a PRODUCER span whose context travels with it. A job with the same id that waits, runs or has
   * completed within the retention is left alone; one that has failed is replaced.
   *
   * Throws when the payload does not parse or the backend cannot be reached; the job may have been added in the latter case.
   */
  add(payload: TPayload, options: AddJobOptions): Promise<void>;
  counts(): Promise<JobCounts>;
  /** How long the job that waits longest has been due; 0 when none waits. Jobs with a delay count from its end. */
  oldestWaitingAgeMs(): Promise<number>;
}

/** What a handler learns about the run. */
export interface JobContext {
  readonly id: string;
  /** From 1. A run that died with its process does not count: the same number comes again. */
  readonly attempt: number;
  /** Aborted when the worker closes and its grace is over, or when another worker has taken the job over. */
  readonly signal: AbortSignal;
}

/** `skipped`: there was nothing left to do, for example because the row had moved on. Both count as success. */
export type JobOutcome = 'done' | 'skipped';

/**
 * Does a job. It may run more than once for one job and even twice at a time, so it must be idempotent and fenced. It
 * throws `RetryJobLaterError` or `DiscardJobError` to say so; any other error uses up an attempt.
 */
export type JobHandler<TPayload> = (payload: TPayload, job: JobContext) => Promise<JobOutcome>;

/** How a worker works. */
export interface JobWorkerOptions {
  /** Jobs at a time; default 1. */
  readonly concurrency?: number;
  /** A job whose worker has not renewed its lock for this long is given to another; default 30 000. */
  readonly lockDurationMs?: number;
  /** Pause between two looks for such jobs; default 30 000. A dead worker's job is taken up at the second look after its lock ran out. */
  readonly stalledIntervalMs?: number;
  /** How often a job may be taken from a dead worker before it has failed for good; default 10. */
  readonly maxStalledCount?: number;
  /** On close, how long running jobs may go on before their signals are aborted; default 20 000. */
  readonly graceMs?: number;
  /** How long they may go on after that, before they are handed back to the queue without an end; default 5 000. */
  readonly abortGraceMs?: number;
}

/** The receiving side of a queue, at work until it is closed. */
export interface JobWorker {
  /** Resolves when the worker has begun to fetch. It keeps trying while the backend is away. */
  ready(): Promise<void>;
  /**
   * Fetches no more, waits for running jobs up to `graceMs`, then aborts their signals. A job that ends by the abort is
   * handed back to the queue without using up an attempt. Never rejects; bounded in time also when the backend is away.
   */
  close(): Promise<void>;
}

/** The queues of a process, on PostgreSQL or on Redis. */
export interface QueueBackend {
  readonly kind: 'postgres' | 'redis';
  queue<TPayload>(definition: JobDefinition<TPayload>): JobQueue<TPayload>;
  worker<TPayload>(
    definition: JobDefinition<TPayload>,
    handler: JobHandler<TPayload>,
    options?: JobWorkerOptions,
  ): JobWorker;
  /** Reads counts from a queue. Throws when there is no answer within two seconds. */
  ping(): Promise<void>;
  /** Closes all workers, then the connections. May be called again. */
  close(): Promise<void>;
}
