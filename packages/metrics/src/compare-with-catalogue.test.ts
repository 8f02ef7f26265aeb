import { CATALOGUE, compareWithCatalogue, createMetrics, parseExposition } from './index.ts';

const BUILD = '# TYPE aion_build_info gauge\naion_build_info{service="web-api",version="1.0.0",revision="abc"} 1\n';

describe('compareWithCatalogue', () => {
  it('reports declared metrics that a service does not emit', () => {
    const { missing, undeclared, badLabels } = compareWithCatalogue({ 'web-api': BUILD });
    expect(missing).toContain('web-api: http_requests_total');
    expect(missing).not.toContain('web-api: aion_build_info');
    expect(missing).not.toContain('web-api: db_connections');
    expect({ undeclared, badLabels }).toEqual({ undeclared: [], badLabels: [] });
  });

  it.each([
    ['# TYPE http_oops_total counter\nhttp_oops_total 1', 'web-api: http_oops_total is not declared'],
    ['# TYPE db_connections gauge\ndb_connections 1', 'web-api: db_connections is not declared for this service'],
    ['# TYPE http_active_connections counter\nhttp_active_connections 1', 'is a counter, not a gauge'],
  ])('reports metrics that contradict their declaration: %#', (text, contradiction) => {
    const { undeclared } = compareWithCatalogue({ 'web-api': text });
    expect(undeclared).toEqual([expect.stringContaining(contradiction)]);
  });

  it.each([
    ['http_requests_in_flight{method="BREW"} 1', 'has method="BREW"'],
    ['http_requests_in_flight{verb="GET"} 1', 'has labels verb, not method'],
    ['http_request_duration_seconds_bucket{method="GET",path="/a b",status="200",le="1"} 1', 'has path="/a b"'],
    ['http_request_duration_seconds_bucket{method="GET",path="/a",status="200",le="3"} 1', 'has a bucket le="3"'],
  ])('reports labels and values that are not declared: %#', (text, problem) => {
    const { badLabels } = compareWithCatalogue({ 'web-api': text });
    expect(badLabels).toEqual([expect.stringContaining(problem)]);
  });

  it('reports labels with more values than their set allows', () => {
    const lines = Array.from({ length: 202 }, (_, i) => `http_response_size_bytes_sum{method="GET",path="/${i}"} 1`);
    const { badLabels } = compareWithCatalogue({ 'web-api': lines.join('\n') });
    expect(badLabels).toEqual(['web-api: http_response_size_bytes has 202 values of path, more than 200']);
  });

  it('accepts process metrics of the client library', async () => {
    const metrics = createMetrics({ service: 'web-api', version: '1.0.0', enabled: true });
    const { body } = await metrics.exposition();
    expect(compareWithCatalogue({ 'web-api': body })).toMatchObject({ undeclared: [], badLabels: [] });
    expect(body).toContain('process_resident_memory_bytes');
  });
});

describe('exposition', () => {
  it('is parsed with escapes, exemplars and special values', () => {
    const text = 'a_bucket{le="+Inf",x="\\"}\\\\\\n"} 1 # {trace_id="1"} 2 3\nb +Inf\n# EOF\n';
    expect(parseExposition(text).samples).toEqual([
      { name: 'a_bucket', labels: { le: '+Inf', x: '"}\\\n' }, value: 1 },
      { name: 'b', labels: {}, value: Infinity },
    ]);
  });

  it('is rejected when a line is not a sample', () => {
    expect(() => parseExposition('<html>')).toThrow('"<html>" is not a sample');
  });

  it('may be in the OpenMetrics format, where counter families have no suffix', () => {
    const text = '# TYPE aion_export_rows counter\naion_export_rows_total 1\n# EOF\n';
    expect(compareWithCatalogue({ 'data-export': text }).undeclared).toEqual([]);
    expect(CATALOGUE.aion_export_rows_total.type).toBe('counter');
  });
});
