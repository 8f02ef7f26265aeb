import { CATALOGUE, compareWithCatalogue, createMetrics, parseExposition } from './index.ts';

const BUILD = '# TYPE aion_build_info gauge\naion_build_info{service="web-api",version="1.0.0",revision="abc"} 1\n';

describe('the comparison of a scrape with the catalogue', () => {
  it('names what a service should emit and does not', () => {
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
  ])('names what is exposed against the declarations: %#', (text, objection) => {
    const { undeclared } = compareWithCatalogue({ 'web-api': text });
    expect(undeclared).toEqual([expect.stringContaining(objection)]);
  });

  it.each([
    ['http_requests_in_flight{method="BREW"} 1', 'has method="BREW"'],
    ['http_requests_in_flight{verb="GET"} 1', 'has labels verb, not method'],
    ['http_request_duration_seconds_bucket{method="GET",path="/a b",status="200",le="1"} 1', 'has path="/a b"'],
    ['http_request_duration_seconds_bucket{method="GET",path="/a",status="200",le="3"} 1', 'has a bucket le="3"'],
  ])('names labels that hold what they must not: %#', (text, problem) => {
    const { badLabels } = compareWithCatalogue({ 'web-api': text });
    expect(badLabels).toEqual([expect.stringContaining(problem)]);
  });

  it('names a label that holds more values than its set has', () => {
    const lines = Array.from({ length: 202 }, (_, i) => `http_response_size_bytes_sum{method="GET",path="/${i}"} 1`);
    const { badLabels } = compareWithCatalogue({ 'web-api': lines.join('\n') });
    expect(badLabels).toEqual(['web-api: http_response_size_bytes has 202 values of path, more than 200']);
  });

  it('takes what the library says of the process', async () => {
    const metrics = createMetrics({ service: 'web-api', version: '1.0.0', enabled: true });
    const { body } = await metrics.exposition();
    expect(compareWithCatalogue({ 'web-api': body })).toMatchObject({ undeclared: [], badLabels: [] });
    expect(body).toContain('process_resident_memory_bytes');
  });
});

describe('an exposition', () => {
  it('is read with its escapes, exemplars and special values', () => {
    const text = 'a_bucket{le="+Inf",x="\\"}\\\\\\n"} 1 # {trace_id="1"} 2 3\nb +Inf\n# EOF\n';
    expect(parseExposition(text).samples).toEqual([
      { name: 'a_bucket', labels: { le: '+Inf', x: '"}\\\n' }, value: 1 },
      { name: 'b', labels: {}, value: Infinity },
    ]);
  });

  it('is refused when a line is no sample', () => {
    expect(() => parseExposition('<html>')).toThrow('"<html>" is not a sample');
  });

  it('may be in OpenMetrics, where families of counters have no suffix', () => {
    const text = '# TYPE aion_export_rows counter\naion_export_rows_total 1\n# EOF\n';
    expect(compareWithCatalogue({ 'data-export': text }).undeclared).toEqual([]);
    expect(CATALOGUE.aion_export_rows_total.type).toBe('counter');
  });
});
