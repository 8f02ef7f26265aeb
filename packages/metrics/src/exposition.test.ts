import { negotiateExposition } from './index.ts';

describe('negotiateExposition', () => {
  it.each([
    [undefined, 'text'],
    ['*/*', 'text'],
    ['text/plain', 'text'],
    ['application/openmetrics-text', 'openmetrics'],
    ['text/plain;q=0.9,application/openmetrics-text;q=0.5', 'text'],
    ['application/openmetrics-text;q=0', 'text'],
    ['application/openmetrics-text;q=broken', 'text'],
    // Sent by Prometheus 3.
    [
      'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,' +
        'application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;escaping=allow-utf-8;q=0.3,*/*;q=0.2',
      'openmetrics',
    ],
  ])('selects, for the Accept header %p, the format %s', (accept, format) => {
    expect(negotiateExposition(accept)).toBe(format);
  });
});
