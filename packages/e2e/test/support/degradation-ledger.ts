import { waitFor } from '@aion/testkit';
import { complete, loadCompletions, type LoadResult } from './completion-load.ts';
import { SPAN_LIMITS, type DegradedServices, type Memory } from './degraded-services.ts';
import { dropsOf } from './service-telemetry.ts';

const MIB = 1_048_576;
/** How much more a process holds after thousands of requests: what V8 has compiled and cached. 1.4 MiB were seen. */
const SETTLED_GROWTH_BYTES = 4 * MIB;
/**
 * How much more it holds under a fault. Of spans: a full queue, one batch on its way and up to four whose requests were
 * given up, with 2 KiB for a span with its attributes. Of log lines: 1 MiB by default, two bytes a character.
 */
const FAULT_GROWTH_BYTES = SETTLED_GROWTH_BYTES + (SPAN_LIMITS.queue + 5 * SPAN_LIMITS.batch) * 2_048 + 2 * MIB;
/**
 * Resident memory holds garbage, too, and V8 gives little of it back: three semi-spaces of 16 MiB and an old space that
 * may grow as much again before it is looked at. It tells of what no heap shows, such as buffers of sockets.
 */
const RESIDENT_GROWTH_BYTES = 160 * MIB;

/** What became of the spans of one service. */
interface SpanCount {
  readonly received: number;
  readonly dropped: number;
}

/** Spans of which neither was heard, and those that were given up and yet arrived: a batch whose answer came too late. */
export interface SpanDifference {
  readonly lost: number;
  readonly countedTwice: number;
}

/** Compares what services send, hold and drop with what they were asked for. */
export interface DegradationLedger {
  /** Asks for completions, tells how long they took, and gives how they went. */
  load(phase: string, count: number): Promise<LoadResult>;
  /** Asks for one and gives the id of its trace. */
  complete(): Promise<string>;
  /** How many were asked for, of all phases. */
  completions(): number;
  /** Drops of all services since the last look at them, as `signal reason`. */
  newDrops(): Promise<Readonly<Record<string, number>>>;
  /** Waits until each span of ai-engine has arrived or was counted as dropped, and gives the difference since the last. */
  unaccountedSpans(): Promise<SpanDifference>;
  /** Counts from now on: what services do at their start has come to rest. */
  begin(): Promise<void>;
  /** Remembers what the services hold while all is well. */
  remember(): Promise<void>;
  /** Services that hold more than they may, with what they hold: under a fault, or when all is well again. */
  overgrown(state: 'fault' | 'settled'): Promise<readonly string[]>;
}

/** The service that is held to account: nothing but completions has spans of it. */
const ACCOUNTED = 'ai-engine';
/** What it is asked, the model, the provider's answer, and two calls that keep account of it. */
const SPANS_PER_COMPLETION = 5;

/** Creates a ledger. */
export function createLedger(run: DegradedServices): DegradationLedger {
  const { adminUrls } = run.services;
  let completions = 0;
  /** Since the last account of spans. */
  let asked = 0;
  let start: SpanCount = { received: 0, dropped: 0 };
  let held: Readonly<Record<string, Memory>> = {};
  let seenDrops: Readonly<Record<string, number>> = {};

  const count = async (): Promise<SpanCount> => {
    const drops = Object.entries(await dropsOf(adminUrls[ACCOUNTED]));
    const dropped = drops.filter(([what]) => what.startsWith('traces ')).reduce((sum, [, value]) => sum + value, 0);
    return { received: run.collector.received.filter(({ service }) => service === ACCOUNTED).length, dropped };
  };
  const missing = async (): Promise<number> => {
    const { received, dropped } = await count();
    return asked * SPANS_PER_COMPLETION - (received - start.received) - (dropped - start.dropped);
  };

  return {
    load: async (phase, amount) => {
      const result = await loadCompletions(run.target, amount);
      asked += amount;
      completions += amount;
      process.stderr.write(`${phase}: p50 ${result.p50Ms} ms, p95 ${result.p95Ms} ms of ${amount} completions\n`);
      return result;
    },
    complete: () => {
      asked += 1;
      completions += 1;
      return complete(run.target, false);
    },
    completions: () => completions,
    newDrops: async () => {
      const sum: Record<string, number> = {};
      for (const url of Object.values(adminUrls)) {
        for (const [what, value] of Object.entries(await dropsOf(url))) sum[what] = (sum[what] ?? 0) + value;
      }
      const before = seenDrops;
      seenDrops = sum;
      const risen = Object.entries(sum).map(([what, value]) => [what, value - (before[what] ?? 0)] as const);
      return Object.fromEntries(risen.filter(([, rise]) => rise > 0));
    },
    unaccountedSpans: async () => {
      const isEven = async (): Promise<boolean> => (await missing()) <= 0;
      await waitFor(isEven, { describe: 'every span', intervalMs: 100 }).catch(() => undefined);
      const difference = await missing();
      start = await count();
      asked = 0;
      return { lost: Math.max(0, difference), countedTwice: Math.max(0, -difference) };
    },
    begin: async () => {
      start = await settled(count);
      asked = 0;
    },
    remember: async () => {
      held = await run.memory();
    },
    overgrown: async (state) => compare(held, await run.memory(), state),
  };
}

/** The count once three looks in a row, each longer apart than batches are, have found the same. */
async function settled(count: () => Promise<SpanCount>): Promise<SpanCount> {
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

function compare(
  before: Readonly<Record<string, Memory>>,
  now: Readonly<Record<string, Memory>>,
  state: 'fault' | 'settled',
): string[] {
  const maxHeapGrowth = state === 'fault' ? FAULT_GROWTH_BYTES : SETTLED_GROWTH_BYTES;
  return Object.entries(now).flatMap(([name, { heapBytes, residentBytes }]) => {
    const heapGrowth = heapBytes - (before[name]?.heapBytes ?? 0);
    const residentGrowth = residentBytes - (before[name]?.residentBytes ?? 0);
    if (heapGrowth <= maxHeapGrowth && residentGrowth <= RESIDENT_GROWTH_BYTES) return [];
    return [`${name} holds ${heapGrowth} bytes more in its heap, ${residentGrowth} resident`];
  });
}
