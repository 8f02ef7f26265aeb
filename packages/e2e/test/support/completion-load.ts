import { fetchRoute } from '@aion/client/traced';
import { routes } from '@aion/contracts';

/** Platform, key and model of completions. */
export interface CompletionTarget {
  readonly baseUrl: string;
  readonly key: string;
  readonly model: string;
}

/** Result of a number of completions. */
export interface LoadResult {
  /** Distinct messages of failed completions. */
  readonly failures: readonly string[];
  readonly p50Ms: number;
  readonly p95Ms: number;
}

const CONCURRENCY = 8;
/** Timeout of a request that is blocked by telemetry. */
const STALLED_MS = 15_000;

/** Requests completions, every other one streamed, eight at a time, and measures their duration. */
export async function loadCompletions(target: CompletionTarget, count: number): Promise<LoadResult> {
  const failures: string[] = [];
  const durations: number[] = [];
  let begun = 0;
  const work = async (): Promise<void> => {
    while (begun < count) {
      begun += 1;
      const startedAt = performance.now();
      await complete(target, begun % 2 === 0).catch((error: unknown) => failures.push(String(error)));
      durations.push(performance.now() - startedAt);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  const sorted = durations.toSorted((one, other) => one - other);
  const at = (share: number): number => Math.round(sorted[Math.floor(sorted.length * share)] ?? 0);
  return { failures: [...new Set(failures)], p50Ms: at(0.5), p95Ms: at(0.95) };
}

/** Requests a completion and returns the id of its trace. @throws Error if it is rejected or incomplete */
export async function complete({ baseUrl, key, model }: CompletionTarget, stream: boolean): Promise<string> {
  const signal = AbortSignal.timeout(STALLED_MS);
  const body = { model, stream, messages: [{ role: 'user' as const, content: 'Is it?' }] };
  const answer = await fetchRoute(routes.chatCompletions.create, { baseUrl, key, body, signal });
  const text = await answer.text();
  if (!text.includes('Yes.')) throw new Error(`The completion is incomplete: ${text}`);
  // https://www.w3.org/TR/trace-context-2/#traceresponse-header
  return answer.headers.get('traceresponse')?.split('-')[1] ?? '';
}
