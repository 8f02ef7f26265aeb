import { errorCode } from '@aion/errors';
import type { Logger } from '@aion/logging';
import { contextFromCarrier, withSpan } from '@aion/tracing';
import { ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import { DelayedError, UnrecoverableError, WaitingError } from 'bullmq';
import { DiscardJobError, RetryJobLaterError } from './job-errors.ts';
import { parseJobEnvelope } from './job-envelope.ts';
import type { Ending, JobMetrics } from './job-metrics.ts';
import { messagingAttributes } from './messaging-attributes.ts';
import type { JobDefinition, JobHandler, JobOutcome } from './types.ts';

/** What this needs of a BullMQ job. */
export interface RunnableJob {
  readonly id?: string | undefined;
  readonly name: string;
  readonly data: unknown;
  readonly attemptsMade: number;
  /** From 1; unlike `attemptsMade` it counts runs that were given back or died, too. */
  readonly attemptsStarted: number;
  /** When it was added, and when this run was handed out: milliseconds of the epoch. */
  readonly timestamp: number;
  readonly processedOn?: number | undefined;
  readonly opts: { readonly attempts?: number | undefined; readonly delay?: number | undefined };
  moveToDelayed(timestampMs: number, token?: string): Promise<void>;
  moveToWait(token?: string): Promise<number>;
}

/** What runs of one worker share. */
export interface RunJobDeps<TPayload> {
  readonly definition: JobDefinition<TPayload>;
  readonly handler: JobHandler<TPayload>;
  readonly logger: Logger;
  readonly metrics: JobMetrics;
}

/** The run of one job, as the worker sees it. */
export interface JobRun {
  readonly job: RunnableJob;
  /** Proof of the lock. */
  readonly token: string | undefined;
  readonly signal: AbortSignal;
  /** Resolves when the worker gives up on this run, long after the signal. */
  readonly abandoned: Promise<void>;
  /** Whether the signal, when it is aborted, means that the worker is closing. */
  readonly isClosing: () => boolean;
}

/**
 * Runs a job inside a CONSUMER span that continues its producer's trace, and tells BullMQ how it ended. What is thrown on
 * is kept in the backend, so it names the kind of error only; the error itself goes to the log.
 */
export async function runJob<TPayload>(deps: RunJobDeps<TPayload>, run: JobRun): Promise<JobOutcome> {
  const { definition, metrics } = deps;
  const startedAt = performance.now();
  let ending: Ending = 'failed';
  countStart(metrics, run.job);
  try {
    const parent = parentOf(run.job.data);
    const attributes = messagingAttributes(definition, 'process', run.job.id ?? '');
    const result = await withSpan(
      `process ${definition.queue}`,
      { subject: 'queue', kind: SpanKind.CONSUMER, parent, attributes },
      async (span) => {
        try {
          const outcome = await attempt(deps, run);
          ending = typeof outcome === 'string' ? outcome : outcome.ending;
          return outcome;
        } catch (error) {
          ending = isFinal(error) ? 'discarded' : 'failed';
          logFailure(deps, run.job, error);
          throw error;
        } finally {
          span.setAttribute('aion.job.outcome', ending);
        }
      },
    ).catch((error: unknown) => {
      throw toStoredError(error);
    });
    if (typeof result === 'string') return result;
    return await result.move();
  } finally {
    metrics.ended(ending, (performance.now() - startedAt) / 1_000);
  }
}

/** A job's wait is that of its first run: nothing tells when a job that comes again was due again. */
function countStart(metrics: JobMetrics, { timestamp, opts, processedOn, attemptsStarted }: RunnableJob): void {
  if (attemptsStarted > 1) {
    metrics.rerun();
    return;
  }
  const dueAt = timestamp + (opts.delay ?? 0);
  // The clock of the producer may be ahead.
  metrics.waited(Math.max(0, (processedOn ?? Date.now()) - dueAt) / 1_000);
}

/** The end of a run that is neither success nor failure: the job goes elsewhere, and BullMQ is told by an error. */
interface Move {
  readonly ending: 'retried_later' | 'handed_back';
  move(): Promise<never>;
}

async function attempt<TPayload>(deps: RunJobDeps<TPayload>, run: JobRun): Promise<JobOutcome | Move> {
  const { job, token } = run;
  const payload = parsePayload(deps.definition, job);
  const context = { id: job.id ?? '', attempt: job.attemptsMade + 1, signal: run.signal };
  try {
    const handled = deps.handler(payload, context);
    const outcome = await Promise.race([handled, run.abandoned.then(() => 'abandoned' as const)]);
    if (outcome !== 'abandoned') return outcome;
    handled.catch((error: unknown) => deps.logger.debug('A job that was given up has failed.', { error }));
  } catch (error) {
    if (error instanceof RetryJobLaterError) {
      const { delayMs } = error;
      const move = async (): Promise<never> => {
        await job.moveToDelayed(Date.now() + delayMs, token);
        throw new DelayedError();
      };
      return { ending: 'retried_later', move };
    }
    if (!run.signal.aborted || !run.isClosing()) throw error;
  }
  const move = async (): Promise<never> => {
    await job.moveToWait(token);
    throw new WaitingError();
  };
  return { ending: 'handed_back', move };
}

function parentOf(data: unknown) {
  try {
    return contextFromCarrier(parseJobEnvelope(data).carrier);
  } catch {
    return ROOT_CONTEXT; // Reported when the payload is parsed.
  }
}

/** @throws MalformedJobError, which names fields and no values. */
function parsePayload<TPayload>(definition: JobDefinition<TPayload>, job: RunnableJob): TPayload {
  if (job.name !== definition.name) {
    throw new MalformedJobError(`the queue ${definition.queue} holds ${definition.name}, not ${job.name}`);
  }
  try {
    return definition.parse(parseJobEnvelope(job.data).payload);
  } catch (error) {
    const fields = issuePaths(error);
    const detail = fields === undefined ? 'it does not parse' : `wrong fields: ${fields}`;
    throw new MalformedJobError(`the payload is malformed, ${detail}`, { cause: error });
  }
}

class MalformedJobError extends Error {
  override readonly name = 'MalformedJobError';
}

/** The paths in the issues of a ZodError, known by its shape: no value of the payload is among them. */
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

function isFinal(error: unknown): error is Error {
  return error instanceof DiscardJobError || error instanceof MalformedJobError;
}

function logFailure<TPayload>(deps: RunJobDeps<TPayload>, job: RunnableJob, error: unknown): void {
  const fields = { queue: deps.definition.queue, job: job.name, jobId: job.id, attempt: job.attemptsMade + 1, error };
  if (isFinal(error)) deps.logger.error('A job was discarded.', fields);
  else if (job.attemptsMade + 1 >= (job.opts.attempts ?? 1)) deps.logger.error('A job has failed for good.', fields);
  else deps.logger.warn('A job has failed and will be tried again.', fields);
}

function toStoredError(error: unknown): Error {
  if (isFinal(error)) return new UnrecoverableError(error.message);
  const code = errorCode(error);
  if (code !== undefined) return new Error(code);
  return new Error(error instanceof Error ? error.name : typeof error);
}
