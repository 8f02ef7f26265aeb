import { setTimeout } from 'node:timers/promises';
import { toReport, toResult, type BenchReport, type BenchResult, type Goal } from './bench-result.ts';
import { startOtlpSink, type OtlpSink } from './otlp-sink.ts';
import { startSubject, type SubjectProcess } from './subject-process.ts';
import {
  ADDED_COMPARISON,
  FURTHER_COMPARISONS,
  TELEMETRY_PLAN,
  type PlannedGroup,
  type PlannedSubject,
} from './telemetry-plan.ts';

/** Options of {@link runTelemetryBench}. */
export interface TelemetryBenchOptions {
  readonly rounds: number;
  /** Divides all counts. */
  readonly divisor: number;
  readonly signal: AbortSignal;
  /** Reports one step in a line. */
  readonly progress: (line: string) => void;
}

/** Values of each subject, one per round. */
type Samples = Map<string, number[]>;
/** Planned subject with its process. */
interface RunningSubject {
  readonly subject: PlannedSubject;
  readonly process: SubjectProcess;
}
/** Measures a subject once. A warm-up waits for no export, and its value is ignored. */
type Measure = (running: RunningSubject, count: number, isWarmUp: boolean) => Promise<number>;

/** A server costs twice as much per request until the JIT compiler has optimised it. */
const WARM_UP_ROUNDS = 3;
/** Longer than the span exporter's batch delay, so that the export of a round's spans is part of its CPU time. */
const EXPORT_SETTLE_MS = 1_300;
const EXPORT_DEADLINE_MS = 10_000;

/** Measures the cost of telemetry. @throws Error when a subject fails, or does not do what its name promises */
export async function runTelemetryBench(options: TelemetryBenchOptions): Promise<BenchReport> {
  const samples: Samples = new Map();
  const sink = await startOtlpSink();
  try {
    for (const group of TELEMETRY_PLAN) await runGroup(group, options, sink, samples);
  } finally {
    await sink.close();
  }
  return toReport([
    ...TELEMETRY_PLAN.flatMap(({ unit, subjects }) =>
      subjects.map(({ name, reference, goal }) => compare({ name, of: name, unit, reference, goal }, samples)),
    ),
    ...FURTHER_COMPARISONS.map((comparison) => compare({ ...comparison, unit: 'us', goal: undefined }, samples)),
    compareAdded(samples),
  ]);
}

async function runGroup(
  group: PlannedGroup,
  options: TelemetryBenchOptions,
  sink: OtlpSink,
  samples: Samples,
): Promise<void> {
  const { rounds, divisor, signal, progress } = options;
  const processes: SubjectProcess[] = [];
  const start = async (name: string): Promise<SubjectProcess> => {
    const process = await startSubject(name, { otlpEndpoint: sink.endpoint, signal });
    processes.push(process);
    return process;
  };
  const countOf = (subject: PlannedSubject): number => Math.max(10, Math.round(subject.count / divisor));
  try {
    progress(`${group.title}: starting ${group.subjects.length} processes, warming up`);
    const measure =
      group.kind === 'server' ? createServerMeasure(await start('load-generator'), sink) : measureOperations;
    const running: RunningSubject[] = [];
    for (const subject of group.subjects) running.push({ subject, process: await start(subject.name) });
    for (const each of running) await measure(each, WARM_UP_ROUNDS * countOf(each.subject), true);
    for (let round = 1; round <= rounds; round += 1) {
      progress(`${group.title}: round ${round} of ${rounds}`);
      for (const each of running) {
        const value = await measure(each, countOf(each.subject), false);
        samples.set(each.subject.name, [...(samples.get(each.subject.name) ?? []), value]);
      }
    }
  } finally {
    await Promise.all(processes.map((process) => process.stop()));
  }
}

const measureOperations: Measure = ({ process }, count) => process.measure({ count, port: undefined });

/** Creates a measure that loads a server and returns the CPU time of its process per request, in microseconds. */
function createServerMeasure(load: SubjectProcess, sink: OtlpSink): Measure {
  return async ({ subject, process }, count, isWarmUp) => {
    const cpuUs = (): Promise<number> => process.measure({ count: 0, port: undefined });
    const before = { cpuUs: await cpuUs(), spans: sink.spans(), bytes: process.writtenBytes() };
    await load.measure({ count, port: process.port });
    if (isWarmUp) return 0;
    if (subject.exportsSpans === true) await waitForExport(() => sink.spans() > before.spans);
    const spentUs = (await cpuUs()) - before.cpuUs;
    if (subject.exportsSpans === true && sink.spans() === before.spans) {
      throw new Error(`${subject.name} exported no span, so its figure would be wrong.`);
    }
    if (subject.writesLines === true && process.writtenBytes() === before.bytes) {
      throw new Error(`${subject.name} wrote no line, so its figure would be wrong.`);
    }
    return spentUs / count;
  };
}

/** Waits for the exporter's batch delay, and up to the deadline on a busy machine where nothing has arrived by then. */
async function waitForExport(hasArrived: () => boolean): Promise<void> {
  const deadline = performance.now() + EXPORT_DEADLINE_MS;
  await setTimeout(EXPORT_SETTLE_MS);
  while (!hasArrived() && performance.now() < deadline) await setTimeout(100);
}

/** Comparison of a subject with its reference, without values. */
interface Comparison {
  readonly name: string;
  /** Name of the subject whose values it shows. */
  readonly of: string;
  readonly unit: string;
  readonly reference: string | undefined;
  readonly goal: Goal | undefined;
}

function compare({ name, of, unit, reference, goal }: Comparison, samples: Samples): BenchResult {
  return toResult({
    name,
    unit,
    samples: samples.get(of) ?? [],
    reference: reference === undefined ? undefined : { name: reference, samples: samples.get(reference) ?? [] },
    goal,
  });
}

/** Compares what two instrumentations add to the same base, round by round. */
function compareAdded(samples: Samples): BenchResult {
  const { name, of, reference, base, goal } = ADDED_COMPARISON;
  const baseSamples = samples.get(base) ?? [];
  const added = (subject: string): number[] =>
    (samples.get(subject) ?? []).map((value, round) => value - (baseSamples[round] ?? 0));
  return toResult({
    name,
    unit: 'us',
    samples: added(of),
    goal,
    reference: { name: reference.name, samples: added(reference.of) },
  });
}
