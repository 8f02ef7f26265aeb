import { CATALOGUE, createMetrics, type MetricDeclaration } from './index.ts';

const options = { service: 'test', version: '1.0.0', enabled: true };

describe('metrics', () => {
  it('expose recorded values', async () => {
    const metrics = createMetrics(options);
    metrics.counter('http_requests_total').inc({ method: 'GET', path: '/v1/models', status: '200' });
    metrics.histogram('ai_inference_duration_seconds').observe({ provider: 'embedded', model: 'other' }, 31);
    metrics.onCollect(() => metrics.gauge('aion_outbox_oldest_age_seconds').set({}, 7));
    const { body } = await metrics.exposition();
    expect(body).toContain('http_requests_total{method="GET",path="/v1/models",status="200"} 1');
    expect(body).toContain('ai_inference_duration_seconds_bucket{le="30",provider="embedded",model="other"} 0');
    expect(body).toContain('ai_inference_duration_seconds_bucket{le="45",provider="embedded",model="other"} 1');
    expect(body).toContain('aion_outbox_oldest_age_seconds 7');
    expect(body).toContain('aion_build_info{service="test",version="1.0.0",revision="unknown"} 1');
  });

  it('return the same instrument for the same name', async () => {
    const metrics = createMetrics(options);
    metrics.counter('aion_exports_total').inc({ outcome: 'ready' });
    metrics.counter('aion_exports_total').inc({ outcome: 'ready' });
    expect((await metrics.exposition()).body).toContain('aion_exports_total{outcome="ready"} 2');
  });

  it('create a histogram series at zero, and do not reset it later', async () => {
    const metrics = createMetrics(options);
    const count = async () =>
      /aion_export_duration_seconds_count\{outcome="ready"\} (\d)/.exec((await metrics.exposition()).body)?.[1];
    const start = () => metrics.histogram('aion_export_duration_seconds').zero({ outcome: 'ready' });
    start();
    expect(await count()).toBe('0');
    metrics.histogram('aion_export_duration_seconds').observe({ outcome: 'ready' }, 1);
    start();
    expect(await count()).toBe('1');
  });

  it('remove a series of a gauge', async () => {
    const metrics = createMetrics(options);
    metrics.gauge('db_connections_max').set({ pool: 'requests' }, 1);
    metrics.gauge('db_connections_max').remove({ pool: 'requests' });
    expect((await metrics.exposition()).body).not.toContain('db_connections_max{');
  });

  it('are rendered once for concurrent scrapes, and again for the next scrape', async () => {
    const metrics = createMetrics(options);
    let collected = 0;
    metrics.onCollect(() => {
      collected += 1;
    });
    const [one, other] = await Promise.all([metrics.exposition(), metrics.exposition()]);
    expect(other).toBe(one);
    expect(collected).toBe(1);
    metrics.counter('aion_exports_total').inc({ outcome: 'ready' });
    expect((await metrics.exposition()).body).toContain('aion_exports_total{outcome="ready"} 1');
    expect(collected).toBe(2);
  });

  it('do nothing when they are disabled', async () => {
    const metrics = createMetrics({ ...options, enabled: false });
    metrics.counter('aion_exports_total').inc({ outcome: 'ready' });
    expect((await metrics.exposition()).body).toBe('');
  });

  it('are separate for each call of createMetrics', async () => {
    createMetrics(options).counter('aion_exports_total').inc({ outcome: 'ready' });
    expect((await createMetrics(options).exposition()).body).not.toContain('aion_exports_total{');
  });
});

describe('metric catalogue', () => {
  const declarations: [string, MetricDeclaration][] = Object.entries(CATALOGUE);
  it.each(declarations)(
    'declares %s according to the naming rules of Prometheus',
    (name, { type, labels, buckets, help }) => {
      expect(name.endsWith('_total')).toBe(type === 'counter');
      expect(buckets !== undefined).toBe(type === 'histogram');
      expect(Object.keys(labels).filter((label) => /id$|tenant|key|url|user/.test(label))).toEqual([]);
      expect(help).toMatch(/\.$/);
    },
  );
});
