import { TELEMETRY_SUBJECTS } from '@aion/config';
import { METRIC_FEATURES } from './metric-features.ts';
import { SERVICES, type MetricDeclaration } from './metric-declaration.ts';

/** What every process says of itself, beside the `process_*` and `nodejs_*` of the client library. */
export const PROCESS_METRICS = {
  aion_build_info: {
    type: 'gauge',
    help: 'Always 1; the labels say what is running.',
    unit: 'flag',
    labels: { service: 'service', version: 'version', revision: 'revision' },
    emittedBy: SERVICES,
  },
  aion_feature_enabled: {
    type: 'gauge',
    help: 'Whether a switch is on: 1 or 0.',
    unit: 'flag',
    labels: { feature: [...METRIC_FEATURES, 'tracing', ...TELEMETRY_SUBJECTS.map((subject) => `tracing_${subject}`)] },
    emittedBy: SERVICES,
  },
  aion_telemetry_dropped_total: {
    type: 'counter',
    help: 'Records of telemetry that were given up, and why.',
    unit: 'count',
    labels: {
      signal: ['logs', 'traces', 'metrics'],
      reason: ['queue_full', 'export_failed', 'sampled', 'shutdown', 'store_full', 'label_not_in_set', 'other'],
    },
    emittedBy: SERVICES,
  },
  aion_memory_limit_bytes: {
    type: 'gauge',
    help: "Memory that the process may use: the control group's limit, else the machine's memory.",
    unit: 'bytes',
    labels: {},
    emittedBy: SERVICES,
  },
  aion_cpu_limit_cores: {
    type: 'gauge',
    help: "Cores that the process may use: the control group's quota, else the machine's cores.",
    unit: 'cores',
    labels: {},
    emittedBy: SERVICES,
  },
  aion_heap_limit_bytes: {
    type: 'gauge',
    help: 'The most that the JavaScript heap grows to before the process dies.',
    unit: 'bytes',
    labels: {},
    emittedBy: SERVICES,
  },
  aion_event_loop_utilization_ratio: {
    type: 'gauge',
    help: 'Share of time in which the event loop was busy since the scrape before.',
    unit: 'ratio',
    labels: {},
    emittedBy: SERVICES,
  },
  aion_event_loop_delay_seconds: {
    type: 'gauge',
    help: 'How late timers ran since the scrape before, by quantile.',
    unit: 'seconds',
    labels: { quantile: ['0.5', '0.99'] },
    emittedBy: SERVICES,
  },
} as const satisfies Record<string, MetricDeclaration>;
