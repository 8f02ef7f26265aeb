import { TELEMETRY_SUBJECTS } from '@aion/config';
import { METRIC_FEATURE_FLAGS } from './feature-flags.ts';
import { SERVICES, type MetricDeclaration } from './metric-declaration.ts';

/** Metrics of every process, in addition to `process_*` and `nodejs_*` of the client library. */
export const PROCESS_METRICS = {
  aion_build_info: {
    type: 'gauge',
    help: 'Always 1; the labels identify the running build.',
    unit: 'flag',
    labels: { service: 'service', version: 'version', revision: 'revision' },
    emittedBy: SERVICES,
  },
  aion_feature_enabled: {
    type: 'gauge',
    help: '1 if a feature flag is enabled, else 0.',
    unit: 'flag',
    labels: {
      feature: [...METRIC_FEATURE_FLAGS, 'tracing', ...TELEMETRY_SUBJECTS.map((subject) => `tracing_${subject}`)],
    },
    emittedBy: SERVICES,
  },
  aion_telemetry_dropped_total: {
    type: 'counter',
    help: 'Dropped telemetry records by signal and reason.',
    unit: 'count',
    labels: {
      signal: ['logs', 'traces', 'metrics'],
      reason: ['queue_full', 'export_failed', 'sampled', 'shutdown', 'store_full', 'label_not_in_set', 'other'],
    },
    emittedBy: SERVICES,
  },
  aion_memory_limit_bytes: {
    type: 'gauge',
    help: 'Memory available to the process: the limit of its control group, else the memory of the machine.',
    unit: 'bytes',
    labels: {},
    emittedBy: SERVICES,
  },
  aion_cpu_limit_cores: {
    type: 'gauge',
    help: 'CPU cores available to the process: the quota of its control group, else the cores of the machine.',
    unit: 'cores',
    labels: {},
    emittedBy: SERVICES,
  },
  aion_heap_limit_bytes: {
    type: 'gauge',
    help: 'Maximum size of the JavaScript heap; the process crashes beyond it.',
    unit: 'bytes',
    labels: {},
    emittedBy: SERVICES,
  },
  aion_event_loop_utilization_ratio: {
    type: 'gauge',
    help: 'Share of time that the event loop was busy since the previous scrape.',
    unit: 'ratio',
    labels: {},
    emittedBy: SERVICES,
  },
  aion_event_loop_delay_seconds: {
    type: 'gauge',
    help: 'Delay of timers since the previous scrape, by quantile.',
    unit: 'seconds',
    labels: { quantile: ['0.5', '0.99'] },
    emittedBy: SERVICES,
  },
} as const satisfies Record<string, MetricDeclaration>;
