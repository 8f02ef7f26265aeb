import { BOUNDED_SETS, createMetrics, parseExposition } from './index.ts';
import { readProcessLimits } from './read-process-limits.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const options = { service: 'ai-engine', version: '1.0.0', enabled: true };

/** Returns the exposed samples with a name. */
async function readSeries(metrics: ReturnType<typeof createMetrics>, name: string) {
  const { samples } = parseExposition((await metrics.exposition()).body);
  return samples.filter((sample) => sample.name === name);
}

describe('series of a process', () => {
  it('stay bounded for any label values, and replaced values are counted', async () => {
    const metrics = createMetrics(options);
    const hostile = 10_000;
    for (let i = 0; i < hostile; i += 1) {
      metrics
        .counter('ai_inference_requests_total')
        .inc({ provider: 'embedded', model: `model-${i}`, input_type: 'text' });
      metrics.gauge('http_requests_in_flight').inc({ method: `BREW${i}` });
    }
    const requests = await readSeries(metrics, 'ai_inference_requests_total');
    expect(requests).toHaveLength(BOUNDED_SETS.model.maxValues + 1);
    const replaced = hostile - BOUNDED_SETS.model.maxValues;
    expect(requests.at(-1)).toMatchObject({ labels: { model: 'other' }, value: replaced });
    expect(await readSeries(metrics, 'http_requests_in_flight')).toMatchObject([{ labels: { method: 'other' } }]);
    const dropped = await readSeries(metrics, 'aion_telemetry_dropped_total');
    expect(dropped.find(({ value }) => value > 0)).toMatchObject({
      labels: { signal: 'metrics', reason: 'label_not_in_set' },
      value: replaced + hostile,
    });
  });

  it('are not confused when concatenated label values are equal', async () => {
    const metrics = createMetrics(options);
    // The separator of keys, inside a value.
    metrics.counter('http_requests_total').inc({ method: 'GET', path: '/a', status: '200' });
    metrics.counter('http_requests_total').inc({ method: 'GET\u0000/a', path: '200', status: '' });
    metrics.counter('http_requests_total').inc({ method: 'GET', path: '/a2', status: '00' });
    const requests = await readSeries(metrics, 'http_requests_total');
    expect(requests.find(({ labels }) => labels['path'] === '/a')?.value).toBe(1);
  });

  it('accept only finite increments and observations', () => {
    const counter = createMetrics(options).counter('http_requests_total');
    for (const by of [-1, Number.NaN, Infinity]) {
      expect(() => counter.inc({ method: 'GET', path: '/a', status: '200' }, by)).toThrow('http_requests_total');
    }
    const histogram = createMetrics(options).histogram('ai_inference_duration_seconds');
    expect(() => histogram.observe({ provider: 'embedded', model: 'other' }, Number.NaN)).toThrow('finite');
  });

  it('replace values that do not match the pattern of their set', async () => {
    const metrics = createMetrics(options);
    metrics
      .counter('ai_inference_requests_total')
      .inc({ provider: 'embedded', model: 'x"\n\u001b[31m', input_type: 'text' });
    expect(await readSeries(metrics, 'ai_inference_requests_total')).toMatchObject([{ labels: { model: 'other' } }]);
  });

  it('start at zero when all label values are in the catalogue', async () => {
    const metrics = createMetrics({ ...options, service: 'database-gateway' });
    expect(await readSeries(metrics, 'aion_exports_total')).toMatchObject([{ value: 0 }, { value: 0 }]);
    expect(await readSeries(metrics, 'aion_export_duration_seconds_count')).toHaveLength(2);
    expect(await readSeries(metrics, 'aion_export_rows_total')).toEqual([]);
  });
});

describe('OpenMetrics exposition', () => {
  it('contains the trace of the last observation of a bucket, unlike the text format', async () => {
    const metrics = createMetrics({ ...options, currentTraceId: () => TRACE });
    metrics.histogram('ai_inference_duration_seconds').observe({ provider: 'embedded', model: 'other' }, 31);
    const { body, contentType } = await metrics.exposition('openmetrics');
    expect(contentType).toMatch(/^application\/openmetrics-text; version=1\.0\.0/);
    expect(body).toContain(
      `ai_inference_duration_seconds_bucket{le="45",provider="embedded",model="other"} 1 # {trace_id="${TRACE}"} 31`,
    );
    expect(body.endsWith('# EOF\n')).toBe(true);
    expect((await metrics.exposition()).body).not.toContain(TRACE);
  });

  it('has no exemplar without a recorded trace', async () => {
    const metrics = createMetrics({ ...options, currentTraceId: () => undefined });
    metrics.histogram('ai_inference_duration_seconds').observe({ provider: 'embedded', model: 'other' }, 31);
    expect((await metrics.exposition('openmetrics')).body).not.toContain('trace_id');
  });

  it('does not change the names of a concurrent text exposition', async () => {
    const metrics = createMetrics({ ...options, service: 'database-gateway' });
    const [openMetrics, text] = await Promise.all([metrics.exposition('openmetrics'), metrics.exposition('text')]);
    expect(openMetrics.body).toContain('# TYPE aion_exports counter\naion_exports_total{outcome="ready"} 0');
    expect(text.body).toContain('# TYPE aion_exports_total counter\naion_exports_total{outcome="ready"} 0');
    expect((await metrics.exposition('text')).body).toContain('# TYPE aion_exports_total counter');
  });
});

describe('process metrics', () => {
  it('include limits and the load of the event loop', async () => {
    const metrics = createMetrics(options);
    for (const name of ['aion_memory_limit_bytes', 'aion_cpu_limit_cores', 'aion_heap_limit_bytes']) {
      expect((await readSeries(metrics, name))[0]?.value).toBeGreaterThan(0);
    }
    const value = (await readSeries(metrics, 'aion_event_loop_utilization_ratio'))[0]?.value;
    expect(value).toBeGreaterThanOrEqual(0);
    expect(value).toBeLessThanOrEqual(1);
    expect(await readSeries(metrics, 'aion_event_loop_delay_seconds')).toHaveLength(2);
  });

  it.each([
    [{ 'cpu.max': '50000 100000\n', 'memory.max': '1048576\n' }, 0.5, 1_048_576],
    [
      {
        'cpu/cpu.cfs_quota_us': '25000\n',
        'cpu/cpu.cfs_period_us': '100000\n',
        'memory/memory.limit_in_bytes': '2097152\n',
      },
      0.25,
      2_097_152,
    ],
  ])('read the limits of the control group: %#', (files: Readonly<Record<string, string>>, cores, bytes) => {
    const read = (path: string) => files[path.replace('/sys/fs/cgroup/', '')];
    expect(readProcessLimits(read)).toEqual({ cpuCores: cores, memoryBytes: bytes });
  });

  it.each([
    { 'cpu.max': 'max 100000\n', 'memory.max': 'max\n' },
    {
      'cpu/cpu.cfs_quota_us': '-1\n',
      'cpu/cpu.cfs_period_us': '100000\n',
      'memory/memory.limit_in_bytes': '9223372036854771712\n',
    },
    {},
  ])(
    'use the resources of the machine when the control group has no limits: %#',
    (files: Readonly<Record<string, string>>) => {
      const read = (path: string) => files[path.replace('/sys/fs/cgroup/', '')];
      const machine = readProcessLimits(() => undefined);
      expect(readProcessLimits(read).cpuCores).toBe(machine.cpuCores);
      expect(readProcessLimits(read).memoryBytes).toBe(machine.memoryBytes);
      expect(machine.cpuCores).toBeGreaterThanOrEqual(1);
    },
  );
});
