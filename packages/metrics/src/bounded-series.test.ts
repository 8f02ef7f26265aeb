import { BOUNDED_SETS, createMetrics, parseExposition } from './index.ts';
import { cpuLimitCores, memoryLimitBytes } from './process-limits.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const options = { service: 'ai-engine', version: '1.0.0', enabled: true };

/** The values of the series of one name. */
async function seriesOf(metrics: ReturnType<typeof createMetrics>, name: string) {
  const { samples } = parseExposition((await metrics.exposition()).body);
  return samples.filter((sample) => sample.name === name);
}

describe('the series of a process', () => {
  it('stay bounded whatever the labels hold, and what was refused is counted', async () => {
    const metrics = createMetrics(options);
    const hostile = 10_000;
    for (let i = 0; i < hostile; i += 1) {
      metrics
        .counter('ai_inference_requests_total')
        .inc({ provider: 'embedded', model: `model-${i}`, input_type: 'text' });
      metrics.gauge('http_requests_in_flight').inc({ method: `BREW${i}` });
    }
    const requests = await seriesOf(metrics, 'ai_inference_requests_total');
    expect(requests).toHaveLength(BOUNDED_SETS.model.maxValues + 1);
    const rest = hostile - BOUNDED_SETS.model.maxValues;
    expect(requests.at(-1)).toMatchObject({ labels: { model: 'other' }, value: rest });
    expect(await seriesOf(metrics, 'http_requests_in_flight')).toMatchObject([{ labels: { method: 'other' } }]);
    const dropped = await seriesOf(metrics, 'aion_telemetry_dropped_total');
    expect(dropped.find(({ value }) => value > 0)).toMatchObject({
      labels: { signal: 'metrics', reason: 'label_not_in_set' },
      value: rest + hostile,
    });
  });

  it('are not found by values that only look like theirs when they are put together', async () => {
    const metrics = createMetrics(options);
    // What tells the parts of a key from each other, inside of a value.
    metrics.counter('http_requests_total').inc({ method: 'GET', path: '/a', status: '200' });
    metrics.counter('http_requests_total').inc({ method: 'GET\u0000/a', path: '200', status: '' });
    metrics.counter('http_requests_total').inc({ method: 'GET', path: '/a2', status: '00' });
    const requests = await seriesOf(metrics, 'http_requests_total');
    expect(requests.find(({ labels }) => labels['path'] === '/a')?.value).toBe(1);
  });

  it('count up by finite numbers only', () => {
    const counter = createMetrics(options).counter('http_requests_total');
    for (const by of [-1, Number.NaN, Infinity]) {
      expect(() => counter.inc({ method: 'GET', path: '/a', status: '200' }, by)).toThrow('http_requests_total');
    }
    const histogram = createMetrics(options).histogram('ai_inference_duration_seconds');
    expect(() => histogram.observe({ provider: 'embedded', model: 'other' }, Number.NaN)).toThrow('finite');
  });

  it('take no value that does not look like one of its set', async () => {
    const metrics = createMetrics(options);
    metrics
      .counter('ai_inference_requests_total')
      .inc({ provider: 'embedded', model: 'x"\n\u001b[31m', input_type: 'text' });
    expect(await seriesOf(metrics, 'ai_inference_requests_total')).toMatchObject([{ labels: { model: 'other' } }]);
  });

  it('are there at zero from the start, where the catalogue knows every value', async () => {
    const metrics = createMetrics({ ...options, service: 'database-gateway' });
    expect(await seriesOf(metrics, 'aion_exports_total')).toMatchObject([{ value: 0 }, { value: 0 }]);
    expect(await seriesOf(metrics, 'aion_export_duration_seconds_count')).toHaveLength(2);
    expect(await seriesOf(metrics, 'aion_export_rows_total')).toEqual([]);
  });
});

describe('OpenMetrics', () => {
  it('shows the trace of the last observation of a bucket, and text does not', async () => {
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

  it('shows no exemplar of a trace that is not kept', async () => {
    const metrics = createMetrics({ ...options, currentTraceId: () => undefined });
    metrics.histogram('ai_inference_duration_seconds').observe({ provider: 'embedded', model: 'other' }, 31);
    expect((await metrics.exposition('openmetrics')).body).not.toContain('trace_id');
  });

  it('leaves the names of the text format as they are, even when both are asked for at once', async () => {
    const metrics = createMetrics({ ...options, service: 'database-gateway' });
    const [openMetrics, text] = await Promise.all([metrics.exposition('openmetrics'), metrics.exposition('text')]);
    expect(openMetrics.body).toContain('# TYPE aion_exports counter\naion_exports_total{outcome="ready"} 0');
    expect(text.body).toContain('# TYPE aion_exports_total counter\naion_exports_total{outcome="ready"} 0');
    expect((await metrics.exposition('text')).body).toContain('# TYPE aion_exports_total counter');
  });
});

describe('a process', () => {
  it('shows its limits and the load of its event loop', async () => {
    const metrics = createMetrics(options);
    for (const name of ['aion_memory_limit_bytes', 'aion_cpu_limit_cores', 'aion_heap_limit_bytes']) {
      expect((await seriesOf(metrics, name))[0]?.value).toBeGreaterThan(0);
    }
    const value = (await seriesOf(metrics, 'aion_event_loop_utilization_ratio'))[0]?.value;
    expect(value).toBeGreaterThanOrEqual(0);
    expect(value).toBeLessThanOrEqual(1);
    expect(await seriesOf(metrics, 'aion_event_loop_delay_seconds')).toHaveLength(2);
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
  ])('has the limits of its control group: %#', (files: Readonly<Record<string, string>>, cores, bytes) => {
    const read = (path: string) => files[path.replace('/sys/fs/cgroup/', '')];
    expect([cpuLimitCores(read), memoryLimitBytes(read)]).toEqual([cores, bytes]);
  });

  it.each([
    { 'cpu.max': 'max 100000\n', 'memory.max': 'max\n' },
    {
      'cpu/cpu.cfs_quota_us': '-1\n',
      'cpu/cpu.cfs_period_us': '100000\n',
      'memory/memory.limit_in_bytes': '9223372036854771712\n',
    },
    {},
  ])('has those of the machine when the group has none: %#', (files: Readonly<Record<string, string>>) => {
    const read = (path: string) => files[path.replace('/sys/fs/cgroup/', '')];
    expect(cpuLimitCores(read)).toBe(cpuLimitCores(() => undefined));
    expect(memoryLimitBytes(read)).toBe(memoryLimitBytes(() => undefined));
    expect(cpuLimitCores(read)).toBeGreaterThanOrEqual(1);
  });
});
