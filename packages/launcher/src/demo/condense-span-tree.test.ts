import { formatSpanTree, toSpanTree, type SpanRecord } from '@aion/tracing';
import { condenseSpanTree } from './condense-span-tree.ts';

let next = 0;
function span(name: string, parentSpanId?: string, more: Partial<SpanRecord> = {}): SpanRecord {
  next += 1;
  return {
    traceId: 't',
    spanId: `s${next}`,
    ...(parentSpanId === undefined ? {} : { parentSpanId }),
    links: [],
    name,
    kind: 'internal',
    service: 'x',
    startTimeMs: next,
    durationMs: 1,
    status: 'unset',
    attributes: {},
    ...more,
  };
}
const print = (spans: SpanRecord[]) => formatSpanTree(condenseSpanTree(toSpanTree(spans))).split('\n');

describe('condenseSpanTree', () => {
  it('merges equal siblings into one line with their number and total duration', () => {
    const root = span('root');
    const puts = [1, 2, 3].map(() => span('put object', root.spanId, { durationMs: 2 }));
    expect(print([root, ...puts])).toEqual(['root  [x]  1.0 ms', '└─ put object x 3  [x]  6.0 ms']);
  });

  it('merges subtrees that differ only in the table of a query', () => {
    const root = span('root');
    const query = { attributes: { 'db.system.name': 'postgresql' } };
    const tables = ['a', 'b', 'c'].flatMap((table) => {
      const parent = span('export table', root.spanId);
      return [parent, span('SELECT jobs', parent.spanId, query), span(`COPY ${table}`, parent.spanId, query)];
    });
    expect(print([root, ...tables])).toEqual([
      'root  [x]  1.0 ms',
      '└─ export table x 3  [x]  3.0 ms',
      '   ├─ SELECT jobs  [x]  3.0 ms',
      '   └─ COPY *  [x]  3.0 ms',
    ]);
  });

  it('does not merge siblings that differ in status, service, operation or children', () => {
    const root = span('root');
    const a = span('call', root.spanId);
    const spans = [
      root,
      a,
      span('inner', a.spanId),
      span('call', root.spanId),
      span('call', root.spanId, { status: 'error' }),
      span('call', root.spanId, { service: 'y' }),
      span('GET /a', root.spanId),
      span('GET /b', root.spanId),
    ];
    expect(print(spans)).toHaveLength(spans.length);
  });
});
