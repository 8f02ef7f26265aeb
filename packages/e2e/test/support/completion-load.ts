import { fetchRoute } from '@aion/client/traced';
import { routes } from '@aion/contracts';

/** Where completions are asked for. */
export interface CompletionTarget {
  readonly baseUrl: string;
  readonly key: string;
  readonly model: string;
}

/** How a number of completions went. */
export interface LoadResult {
  /** What those that failed say, each once. */
  readonly failures: readonly string[];
  readonly p50Ms: number;
  readonly p95Ms: number;
}

const CONCURRENCY = 8;
/** A request that telemetry held up for good fails here. */
const STALLED_MS = 15_000;

/** Asks for completions, every other one streamed, eight at a time; how long they take is told and not judged. */
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

/** Asks for one and gives the id of its trace. @throws Error when it is refused or is not whole */
export async function complete({ baseUrl, key, model }: CompletionTarget, stream: boolean): Promise<string> {
  const signal = AbortSignal.timeout(STALLED_MS);
  const body = { model, stream, messages: [{ role: 'user' as const, content: 'Is it?' }] };
  const answer = await fetchRoute(routes.chatCompletions.create, { baseUrl, key, body, signal });
  const text = await answer.text();
  if (!text.includes('Yes.')) throw new Error(`The answer is not whole: ${text}`);
  // https://www.w3.org/TR/trace-context-2/#traceresponse-header
  return answer.headers.get('traceresponse')?.split('-')[1] ?? '';
}
