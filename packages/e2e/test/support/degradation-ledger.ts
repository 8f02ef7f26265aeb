import { waitFor } from '@aion/testkit';
import { complete, loadCompletions, type LoadResult } from './completion-load.ts';
import { SPAN_LIMITS, type DegradedServices, type Memory } from './degraded-services.ts';
import { readDrops } from './service-telemetry.ts';

const MIB = 1_048_576;
/** Heap growth allowed after thousands of requests, for code compiled and cached by V8. 1.4 MiB were measured. */
const SETTLED_GROWTH_BYTES = 4 * MIB;
/**
 * Heap growth allowed during a fault. Spans: a full queue, one batch in flight and up to four whose requests timed out,
 * with 2 KiB per span including attributes. Log lines: 1 MiB by default, two bytes per character.
 */
const FAULT_GROWTH_BYTES = SETTLED_GROWTH_BYTES + (SPAN_LIMITS.queue + 5 * SPAN_LIMITS.batch) * 2_048 + 2 * MIB;
/**
 * Resident memory also contains garbage, of which V8 returns little: three semi-spaces of 16 MiB and an old space that may
 * grow as much again before it is collected. It includes memory outside of the heap, such as socket buffers.
 */
const RESIDENT_GROWTH_BYTES = 160 * MIB;

/** Numbers of received and dropped spans of one service. */
interface SpanCount {
  readonly received: number;
  readonly dropped: number;
}

/** Spans that neither arrived nor were counted as dropped, and spans that did both: a batch with a late response. */
export interface SpanDifference {
  readonly lost: number;
  readonly countedTwice: number;
}

/** Compares spans, memory and drops of services with the number of requests. */
export interface DegradationLedger {
  /** Requests completions, prints their latency, and returns the result. */
  load(phase: string, count: number): Promise<LoadResult>;
  /** Requests one completion and returns the id of its trace. */
  complete(): Promise<string>;
  /** Returns the number of completions requested in all phases. */
  completions(): number;
  /** Returns the drops of all services since the previous call, by `signal reason`. */
  newDrops(): Promise<Readonly<Record<string, number>>>;
  /** Waits until each span of ai-engine has arrived or was counted as dropped; returns the difference since the last call. */
  unaccountedSpans(): Promise<SpanDifference>;
  /** Waits until spans of the start have arrived, then resets the counts. */
  begin(): Promise<void>;
  /** Records the memory of the services without a fault as the baseline. */
  recordMemory(): Promise<void>;
  /** Lists services whose memory growth exceeds the limit during a fault, or after it. */
  listExcessiveMemory(state: 'fault' | 'settled'): Promise<readonly string[]>;
}

/** Service whose spans are counted: only completions create spans in it. */
const COUNTED_SERVICE = 'ai-engine';
/** Spans of the request, the model, the call of the provider, and two calls that store the generation. */
const SPANS_PER_COMPLETION = 5;

/** Creates a {@link DegradationLedger}. */
export function createLedger(run: DegradedServices): DegradationLedger {
  const { adminUrls } = run.services;
  let completions = 0;
  /** Completions requested since the spans were last counted. */
  let requested = 0;
  let start: SpanCount = { received: 0, dropped: 0 };
  let baseline: Readonly<Record<string, Memory>> = {};
  let seenDrops: Readonly<Record<string, number>> = {};

  const count = async (): Promise<SpanCount> => {
    const drops = Object.entries(await readDrops(adminUrls[COUNTED_SERVICE]));
    const dropped = drops.filter(([what]) => what.startsWith('traces ')).reduce((sum, [, value]) => sum + value, 0);
    return { received: run.collector.received.filter(({ service }) => service === COUNTED_SERVICE).length, dropped };
  };
  const missing = async (): Promise<number> => {
    const { received, dropped } = await count();
    return requested * SPANS_PER_COMPLETION - (received - start.received) - (dropped - start.dropped);
  };

  return {
    load: async (phase, amount) => {
      const result = await loadCompletions(run.target, amount);
      requested += amount;
      completions += amount;
      process.stderr.write(`${phase}: p50 ${result.p50Ms} ms, p95 ${result.p95Ms} ms of ${amount} completions\n`);
      return result;
    },
    complete: () => {
      requested += 1;
      completions += 1;
      return complete(run.target, false);
    },
    completions: () => completions,
    newDrops: async () => {
      const sum: Record<string, number> = {};
      for (const url of Object.values(adminUrls)) {
        for (const [what, value] of Object.entries(await readDrops(url))) sum[what] = (sum[what] ?? 0) + value;
      }
      const before = seenDrops;
      seenDrops = sum;
      const risen = Object.entries(sum).map(([what, value]) => [what, value - (before[what] ?? 0)] as const);
      return Object.fromEntries(risen.filter(([, rise]) => rise > 0));
    },
    unaccountedSpans: async () => {
      const areAllCounted = async (): Promise<boolean> => (await missing()) <= 0;
      await waitFor(areAllCounted, { describe: 'every span', intervalMs: 100 }).catch(() => undefined);
      const difference = await missing();
      start = await count();
      requested = 0;
      return { lost: Math.max(0, difference), countedTwice: Math.max(0, -difference) };
    },
    begin: async () => {
      start = await waitUntilSettled(count);
      requested = 0;
    },
    recordMemory: async () => {
      baseline = await run.memory();
    },
    listExcessiveMemory: async (state) => compareMemory(baseline, await run.memory(), state),
  };
}

/** Returns the count once it is unchanged in three consecutive checks, whose interval is longer than that of batches. */
async function waitUntilSettled(count: () => Promise<SpanCount>): Promise<SpanCount> {
  let last = await count();
  let same = 0;
  return waitFor(
    async () => {
      const before = last;
      last = await count();
      same = last.received === before.received ? same + 1 : 0;
      return same === 3 && last;
    },
    { describe: 'no more spans', intervalMs: 2 * SPAN_LIMITS.delayMs },
  );
}

function compareMemory(
  before: Readonly<Record<string, Memory>>,
  now: Readonly<Record<string, Memory>>,
  state: 'fault' | 'settled',
): string[] {
  const maxHeapGrowth = state === 'fault' ? FAULT_GROWTH_BYTES : SETTLED_GROWTH_BYTES;
  return Object.entries(now).flatMap(([name, { heapBytes, residentBytes }]) => {
    const heapGrowth = heapBytes - (before[name]?.heapBytes ?? 0);
    const residentGrowth = residentBytes - (before[name]?.residentBytes ?? 0);
    if (heapGrowth <= maxHeapGrowth && residentGrowth <= RESIDENT_GROWTH_BYTES) return [];
    return [`${name}: heap grew by ${heapGrowth} bytes, resident memory by ${residentGrowth}`];
  });
}
