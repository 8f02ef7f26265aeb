import { errorCode } from '@aion/errors';
import type { Logger } from '@aion/logging';
import { contextFromCarrier, withSpan } from '@aion/tracing';
import { ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import { DelayedError, UnrecoverableError, WaitingError } from 'bullmq';
import { parseJobEnvelope } from './job-envelope.ts';
import { toOutcomeLabel } from './job-metrics.ts';
import type { JobMetrics, OutcomeLabel } from './job-metrics.ts';
import type { JobResult } from './job-result.ts';
import { messagingAttributes } from './messaging-attributes.ts';
import type { JobDefinition, JobHandler } from './types.ts';

/** The part of a BullMQ job that `runJob` uses. */
export interface RunnableJob {
  readonly id?: string | undefined;
  readonly name: string;
  readonly data: unknown;
  readonly attemptsMade: number;
  /** From 1. Unlike `attemptsMade` it also counts runs that were released or died. */
  readonly attemptsStarted: number;
  /** When the job was added, in milliseconds since the Unix epoch. */
  readonly timestamp: number;
  /** When this run was handed out, in milliseconds since the Unix epoch. */
  readonly processedOn?: number | undefined;
  readonly opts: { readonly attempts?: number | undefined; readonly delay?: number | undefined };
  moveToDelayed(timestampMs: number, token?: string): Promise<void>;
  moveToWait(token?: string): Promise<number>;
}

/** Dependencies that all runs of one worker share. */
export interface RunJobDeps<TPayload> {
  readonly definition: JobDefinition<TPayload>;
  readonly handler: JobHandler<TPayload>;
  readonly logger: Logger;
  readonly metrics: JobMetrics;
}

/** The run of one job, from the worker's side. */
export interface JobRun {
  readonly job: RunnableJob;
  /** Proof of the lock. */
  readonly token: string | undefined;
  readonly signal: AbortSignal;
  /** Resolves when the worker abandons this run, long after the signal. */
  readonly abandoned: Promise<void>;
  /** Reports whether the aborted signal means that the worker is closing. */
  readonly isClosing: () => boolean;
}

/**
 * Runs a job inside a CONSUMER span that continues its producer's trace, and reports the result to BullMQ. BullMQ stores
 * the text of the error thrown here, so it contains the kind of error only; the error itself is logged.
 */
export async function runJob<TPayload>(deps: RunJobDeps<TPayload>, run: JobRun): Promise<OutcomeLabel> {
  const { definition, metrics } = deps;
  const startedAt = performance.now();
  let outcome: OutcomeLabel = 'failed';
  recordStart(metrics, run.job);
  try {
    const parent = parentOf(run.job.data);
    const attributes = messagingAttributes(definition, 'process', run.job.id ?? '');
    const result = await withSpan(
      `process ${definition.queue}`,
      { subject: 'queue', kind: SpanKind.CONSUMER, parent, attributes },
      async (span) => {
        try {
          const attempted = await attempt(deps, run);
          outcome = toOutcomeLabel(attempted);
          return attempted;
        } catch (error) {
          if (error instanceof JobFailedError) outcome = 'discarded';
          logFailure(deps, run.job, error);
          throw error;
        } finally {
          span.setAttribute('aion.job.outcome', outcome);
        }
      },
    ).catch((error: unknown) => {
      throw toStoredError(error);
    });
    await moveUnfinished(result, run);
    return outcome;
  } finally {
    metrics.ended(outcome, (performance.now() - startedAt) / 1_000);
  }
}

/** Records the wait of a first run only: when a later run was due is not known. */
function recordStart(metrics: JobMetrics, { timestamp, opts, processedOn, attemptsStarted }: RunnableJob): void {
  if (attemptsStarted > 1) {
    metrics.rerun();
    return;
  }
  const dueAt = timestamp + (opts.delay ?? 0);
  // The clock of the producer may be ahead.
  metrics.waited(Math.max(0, (processedOn ?? Date.now()) - dueAt) / 1_000);
}

/** @throws JobFailedError for a permanent failure; any other error uses up an attempt. */
async function attempt<TPayload>(deps: RunJobDeps<TPayload>, run: JobRun): Promise<JobResult> {
  const { job } = run;
  const payload = parsePayload(deps.definition, job);
  const context = { id: job.id ?? '', attempt: job.attemptsMade + 1, signal: run.signal };
  let result: JobResult | 'abandoned';
  try {
    const handled = deps.handler(payload, context);
    result = await Promise.race([handled, run.abandoned.then(() => 'abandoned' as const)]);
    if (result === 'abandoned') {
      handled.catch((error: unknown) => deps.logger.debug('Abandoned job failed', { error }));
    }
  } catch (error) {
    if (!run.signal.aborted || !run.isClosing()) throw error;
    return { status: 'released' };
  }
  if (result === 'abandoned') return { status: 'released' };
  if (result.status === 'failed') throw new JobFailedError(result.reason, { cause: result.cause });
  return result;
}

/** Moves a job that has neither succeeded nor failed. BullMQ recognizes the move by the error thrown after it. */
async function moveUnfinished(result: JobResult, { job, token }: JobRun): Promise<void> {
  if (result.status === 'retry') {
    await job.moveToDelayed(Date.now() + result.delayMs, token);
    throw new DelayedError(result.reason);
  }
  if (result.status === 'released') {
    await job.moveToWait(token);
    throw new WaitingError();
  }
}

function parentOf(data: unknown) {
  try {
    return contextFromCarrier(parseJobEnvelope(data).carrier);
  } catch {
    return ROOT_CONTEXT; // The malformed envelope is reported by `parsePayload`.
  }
}

/** @throws MalformedJobError, which names fields and contains no values */
function parsePayload<TPayload>(definition: JobDefinition<TPayload>, job: RunnableJob): TPayload {
  if (job.name !== definition.name) {
    throw new MalformedJobError(`the queue ${definition.queue} is for ${definition.name}, not ${job.name}`);
  }
  try {
    return definition.parse(parseJobEnvelope(job.data).payload);
  } catch (error) {
    const fields = issuePaths(error);
    const detail = fields === undefined ? 'it does not parse' : `wrong fields: ${fields}`;
    throw new MalformedJobError(`the payload is malformed, ${detail}`, { cause: error });
  }
}

/** Permanent failure of a job; its message is stored in the backend. */
class JobFailedError extends Error {
  override readonly name: string = 'JobFailedError';
}

class MalformedJobError extends JobFailedError {
  override readonly name = 'MalformedJobError';
}

/** Returns the paths in the issues of a ZodError, recognized by its shape; they contain no value of the payload. */
function issuePaths(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('issues' in error) || !Array.isArray(error.issues))
    return undefined;
  const paths = error.issues.map((issue: unknown) =>
    typeof issue === 'object' && issue !== null && 'path' in issue && Array.isArray(issue.path)
      ? issue.path.join('.')
      : '',
  );
  return paths.map((path) => path || '(root)').join(', ');
}

function logFailure<TPayload>(deps: RunJobDeps<TPayload>, job: RunnableJob, error: unknown): void {
  const fields = { queue: deps.definition.queue, job: job.name, jobId: job.id, attempt: job.attemptsMade + 1, error };
  if (error instanceof JobFailedError) deps.logger.error('Job failed permanently', fields);
  else if (job.attemptsMade + 1 >= (job.opts.attempts ?? 1))
    deps.logger.error('Job failed after its last attempt', fields);
  else deps.logger.warn('Job attempt failed, will retry', fields);
}

function toStoredError(error: unknown): Error {
  if (error instanceof JobFailedError) return new UnrecoverableError(error.message);
  const code = errorCode(error);
  if (code !== undefined) return new Error(code);
  return new Error(error instanceof Error ? error.name : typeof error);
}
