import type { Goal } from './bench-result.ts';

/** Subject of a group with its workload. */
export interface PlannedSubject {
  readonly name: string;
  /** Operations per round, or requests. */
  readonly count: number;
  /** Name of the subject that it is compared with. */
  readonly reference?: string;
  readonly goal?: Goal;
  /** Servers only: fails the run when no span was exported. */
  readonly exportsSpans?: boolean;
  /** Servers only: fails the run when no log line was written. */
  readonly writesLines?: boolean;
}

/** Subjects that are measured in turn: A B C, A B C, ... */
export interface PlannedGroup {
  readonly title: string;
  readonly unit: string;
  readonly kind: 'operations' | 'server';
  readonly subjects: readonly PlannedSubject[];
}

const REQUESTS = 8_000;
const METRIC_GOAL: Goal = { of: 'value', op: '<=', value: 1_500 };
const SCRAPE_GOAL: Goal = { of: 'value', op: '<=', value: 10 };
const SUPPRESSED_GOAL: Goal = { of: 'value', op: '<=', value: 100 };
const EVERYTHING_GOAL: Goal = { of: 'ratio', op: '<=', value: 1.3 };
/** 30 % compared with 45 %, the figures of the design (docs/adr/0003-cost-of-telemetry.md). */
const ADDED_GOAL: Goal = { of: 'ratio', op: '<=', value: 0.67 };

/** Groups that `pnpm bench:telemetry` measures, with the goals of the design. */
export const TELEMETRY_PLAN: readonly PlannedGroup[] = [
  {
    title: 'Metric operations',
    unit: 'ns',
    kind: 'operations',
    subjects: ['counter', 'gauge', 'histogram', 'histogram_exemplar'].flatMap(metricPair),
  },
  {
    title: 'Log lines',
    unit: 'ns',
    kind: 'operations',
    subjects: [
      ...logTriple('line', 10_000),
      ...logTriple('suppressed', 300_000, SUPPRESSED_GOAL),
      ...logTriple('redacted', 5_000),
    ],
  },
  { title: 'Scrapes', unit: 'ms', kind: 'operations', subjects: [500, 1_000, 5_000].flatMap(scrapePair) },
  {
    title: 'CPU per request',
    unit: 'us',
    kind: 'server',
    subjects: [
      server('express'),
      server('aion_off'),
      server('aion_subjects_off'),
      server('aion_metrics'),
      server('aion_metrics_tracing_0'),
      server('aion_metrics_tracing_10', { exportsSpans: true }),
      server('aion_metrics_tracing_100', { exportsSpans: true }),
      server('aion_everything_10', { exportsSpans: true, writesLines: true, goal: EVERYTHING_GOAL }),
      server('aion_everything_10_lines_10', { exportsSpans: true, writesLines: true, goal: EVERYTHING_GOAL }),
      server('express_prom_bundle'),
      server('otel_http_express_10', { exportsSpans: true }),
      server('otel_auto_10', { exportsSpans: true }),
    ],
  },
];

/** Additional comparisons of the same measurements: the cost of telemetry alone in an AION app. */
export const FURTHER_COMPARISONS: readonly {
  readonly name: string;
  readonly of: string;
  readonly reference: string;
}[] = [{ name: 'http.aion_everything_10_beside_off', of: 'http.aion_everything_10', reference: 'http.aion_off' }];

/** Comparison of what two instrumentations add to a bare request; neither includes the cost of express itself. */
export const ADDED_COMPARISON = {
  name: 'http.added_by_aion_everything_10',
  of: 'http.aion_everything_10',
  reference: { name: 'http.added_by_otel_http_express_10', of: 'http.otel_http_express_10' },
  base: 'http.express',
  goal: ADDED_GOAL,
} as const;

function metricPair(kind: string): PlannedSubject[] {
  return [
    { name: `metric.${kind}.aion`, count: 300_000, reference: `metric.${kind}.prom_client`, goal: METRIC_GOAL },
    { name: `metric.${kind}.prom_client`, count: 300_000 },
  ];
}

function scrapePair(series: number): PlannedSubject[] {
  return [
    { name: `scrape.${series}.aion`, count: 20, reference: `scrape.${series}.prom_client`, goal: SCRAPE_GOAL },
    { name: `scrape.${series}.prom_client`, count: 20 },
  ];
}

function logTriple(kind: string, count: number, goal?: Goal): PlannedSubject[] {
  return [
    { name: `log.${kind}.aion`, count, reference: `log.${kind}.winston`, ...(goal === undefined ? {} : { goal }) },
    { name: `log.${kind}.winston`, count },
    { name: `log.${kind}.pino`, count, reference: `log.${kind}.winston` },
  ];
}

function server(name: string, rest: Omit<PlannedSubject, 'name' | 'count'> = {}): PlannedSubject {
  return {
    name: `http.${name}`,
    count: REQUESTS,
    ...(name === 'express' ? {} : { reference: 'http.express' }),
    ...rest,
  };
}
