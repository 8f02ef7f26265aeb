import type { z } from 'zod';

/** One kind of job: its queue, its name, and its payload, which contains ids and never content. */
export interface Job<T> {
  /** A plural noun. */
  readonly queue: string;
  /** A verb and a noun. */
  readonly name: string;
  /** @throws ZodError for a payload that does not match the schema of the job. */
  parse(payload: unknown): T;
}

/** Declares a job by the schema of its payload. */
export function defineJob<T>(job: {
  readonly queue: string;
  readonly name: string;
  readonly payload: z.ZodType<T>;
}): Job<T> {
  return { queue: job.queue, name: job.name, parse: (payload) => job.payload.parse(payload) };
}
