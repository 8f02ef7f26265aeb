import { setTimeout as sleep } from 'node:timers/promises';
import type { SpanRecord, Tracing } from '@aion/tracing';
import { z } from 'zod';

const recordSchema: z.ZodType<SpanRecord> = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().exactOptional(),
  links: z.array(z.object({ traceId: z.string(), spanId: z.string() })),
  name: z.string(),
  kind: z.enum(['internal', 'server', 'client', 'producer', 'consumer']),
  service: z.string(),
  startTimeMs: z.number(),
  durationMs: z.number(),
  status: z.enum(['unset', 'ok', 'error']),
  attributes: z.record(z.string(), z.unknown()),
});
const answerSchema = z.object({ spans: z.array(recordSchema) });

const SETTLE_TIMEOUT_MS = 5_000;
const POLL_MS = 50;

/** Options of {@link collectTrace}. */
export interface CollectTraceOptions {
  readonly traceId: string;
  readonly adminUrls: Readonly<Record<string, string>>;
  /** The demo's own spans. */
  readonly own: Tracing;
  /** Reports whether all expected spans have arrived: a span may end shortly after the response of its process. */
  readonly isComplete: (spans: readonly SpanRecord[]) => boolean;
  readonly signal: AbortSignal;
}

/** Collects the spans of a trace from all processes. At the deadline it returns the spans that have arrived. */
export async function collectTrace(options: CollectTraceOptions): Promise<readonly SpanRecord[]> {
  const deadline = performance.now() + SETTLE_TIMEOUT_MS;
  for (;;) {
    const answers = await Promise.all(Object.values(options.adminUrls).map((url) => fetchSpans(url, options)));
    const spans = [...(options.own.store?.get(options.traceId) ?? []), ...answers.flat()];
    if (options.isComplete(spans) || performance.now() > deadline) return spans;
    await sleep(POLL_MS, undefined, { signal: options.signal });
  }
}

async function fetchSpans(adminUrl: string, { traceId, signal }: CollectTraceOptions): Promise<readonly SpanRecord[]> {
  const answer = await fetch(`${adminUrl}/debug/traces/${traceId}`, { signal });
  if (!answer.ok) throw new Error(`${adminUrl}/debug/traces answered ${answer.status}: ${await answer.text()}`);
  return answerSchema.parse(await answer.json()).spans;
}
