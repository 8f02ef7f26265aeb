import { createMetrics } from '@aion/metrics';
import { startTracing, withSpan } from '@aion/tracing';
import { Counter, Gauge, Histogram } from 'prom-client';
import { measureCpuNsPerCall } from '../measure-cpu.ts';
import type { Subject } from '../subject.ts';
import { sampledTraceId } from './sampled-trace-id.ts';

const PATH = '/api/v1/exports/{export_id}';
const STATUSES = ['200', '201', '404', '500'];
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const TRACE = { trace_id: '0af7651916cd43dd8448eb211c80319c', span_id: 'b7ad6b7169203331' };

/** Creates a subject that increments an AION counter. */
export function createAionMetricCounter(): Subject {
  const counter = aionMetrics().counter('http_requests_total');
  return subjectOf((index) => counter.inc(labelsOf(index)));
}

/** Creates a subject that sets an AION gauge. */
export function createAionMetricGauge(): Subject {
  const gauge = aionMetrics().gauge('http_requests_in_flight');
  return subjectOf((index) => gauge.set({ method: 'GET' }, index));
}

/** Creates a subject that observes with an AION histogram outside any trace. */
export function createAionMetricHistogram(): Subject {
  const histogram = aionMetrics().histogram('http_request_duration_seconds');
  return subjectOf((index) => histogram.observe(labelsOf(index), secondsOf(index)));
}

/** Creates a subject that observes with an AION histogram inside a sampled span, whose ids become the exemplar. */
export function createAionMetricHistogramWithExemplar(): Subject {
  startTracing({ serviceName: 'bench', serviceVersion: '0.0.0', enabled: true, sampleRatio: 1 });
  const metrics = createMetrics({ service: 'bench', version: '0.0.0', enabled: true, currentTraceId: sampledTraceId });
  const histogram = metrics.histogram('http_request_duration_seconds');
  const observe = (index: number): void => histogram.observe(labelsOf(index), secondsOf(index));
  return {
    measure: async (count) => {
      const value = await withSpan('bench', {}, () => measureCpuNsPerCall(count, observe));
      const { body } = await metrics.exposition('openmetrics');
      if (!body.includes('# {trace_id=')) throw new Error('No observation has an exemplar.');
      return value;
    },
  };
}

/** Creates a subject that increments a prom-client counter. */
export function createPromClientMetricCounter(): Subject {
  const counter = new Counter({ name: 'c_total', help: 'c', labelNames: ['method', 'path', 'status'], registers: [] });
  return subjectOf((index) => counter.inc(labelsOf(index)));
}

/** Creates a subject that sets a prom-client gauge. */
export function createPromClientMetricGauge(): Subject {
  const gauge = new Gauge({ name: 'g', help: 'g', labelNames: ['method'], registers: [] });
  return subjectOf((index) => gauge.set({ method: 'GET' }, index));
}

/** Creates a subject that observes with a prom-client histogram. */
export function createPromClientMetricHistogram(): Subject {
  const histogram = new Histogram({
    name: 'h_seconds',
    help: 'h',
    labelNames: ['method', 'path', 'status'],
    buckets: BUCKETS,
    registers: [],
  });
  return subjectOf((index) => histogram.observe(labelsOf(index), secondsOf(index)));
}

/** Creates a subject that observes with a prom-client histogram, with an exemplar each time. */
export function createPromClientMetricHistogramWithExemplar(): Subject {
  const histogram = new Histogram<string>({
    name: 'h_seconds',
    help: 'h',
    labelNames: ['method', 'path', 'status'],
    buckets: BUCKETS,
    registers: [],
    enableExemplars: true,
  });
  return subjectOf((index) =>
    histogram.observe({ labels: labelsOf(index), value: secondsOf(index), exemplarLabels: TRACE }),
  );
}

function subjectOf(call: (index: number) => void): Subject {
  return { measure: (count) => measureCpuNsPerCall(count, call) };
}

function aionMetrics() {
  return createMetrics({ service: 'bench', version: '0.0.0', enabled: true });
}

function labelsOf(index: number) {
  return { method: 'GET', path: PATH, status: STATUSES[index % STATUSES.length] ?? '200' };
}

function secondsOf(index: number): number {
  return (index % 1_000) / 250;
}
