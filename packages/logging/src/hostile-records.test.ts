import { Writable } from 'node:stream';
import { runWithIds, startTracing, withSpan, type Tracing } from '@aion/tracing';
import { createLogger } from './index.ts';

const FRAGMENTS = [
  '\n',
  '\r\n',
  '\u0000',
  '\u001b[31m',
  '\u009b',
  '\u2028',
  '\u2029',
  '\u202e',
  '\u2066',
  '\u061c',
  '\ufeff',
  '"',
  '\\',
  '}',
  '{"level":"error"}',
  '%0a',
  '\ud800',
  '\udfff',
  '__proto__',
  'a',
  '7',
  '\u{1f642}',
  '../',
  '://u:p@h',
  'Bearer x',
];
const FIELD_NAMES = new Set([
  'timestamp',
  'level',
  'message',
  'service',
  'module',
  'trace_id',
  'span_id',
  'correlation_id',
  'request_id',
  'tenant_id',
  'fields',
]);

/** Creates a deterministic generator (mulberry32), so that failures are reproducible. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function createHostile(random: (below: number) => number) {
  const text = (): string =>
    Array.from({ length: random(6) }, () => FRAGMENTS[random(FRAGMENTS.length)] ?? '').join('');
  const value = (depth: number): unknown => {
    switch (random(depth > 3 ? 3 : 7)) {
      case 0:
        return text();
      case 1:
        return [random(1_000), Number.NaN, -0, 12n][random(4)];
      case 2:
        return [undefined, null, true, Symbol(text())][random(4)];
      case 3:
        return new Error(text(), { cause: value(depth + 1) });
      case 4:
        return Array.from({ length: random(4) }, () => value(depth + 1));
      case 5:
        return new Map([[text(), value(depth + 1)]]);
      default:
        return Object.fromEntries(Array.from({ length: random(4) }, () => [text(), value(depth + 1)]));
    }
  };
  return { text, fields: () => ({ id: text(), path: `/${text()}`, [text()]: value(0), error: value(0) }) };
}

describe('logger with hostile ids, paths and field names', () => {
  let tracing: Tracing;
  beforeAll(() => {
    tracing = startTracing({ serviceName: 'test', serviceVersion: '0', enabled: true, sampleRatio: 1 });
  });
  afterAll(() => tracing.shutdown());

  it.each(['json', 'pretty'] as const)('writes exactly one safe line per record in format %s', async (format) => {
    const chunks: string[] = [];
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        chunks.push(chunk.toString());
        done();
      },
    });
    const logger = createLogger({ service: 'test', level: 'debug', format, stream });
    const { text, fields } = createHostile(createRandom(1));
    for (let i = 0; i < 2_000; i += 1) {
      const ids = { correlationId: text(), tenantId: text(), requestId: text() };
      await runWithIds(ids, () =>
        withSpan('work', {}, () => {
          logger.child(text()).info(text(), fields());
          return Promise.resolve();
        }),
      );
    }
    expect(chunks).toHaveLength(2_000);
    for (const chunk of chunks) {
      expect(chunk).toMatch(/^[^\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]*\n$/);
      if (format === 'pretty') continue;
      const record = JSON.parse(chunk) as Record<string, unknown>;
      expect(Object.keys(record).filter((name) => !FIELD_NAMES.has(name))).toEqual([]);
      expect(record).toMatchObject({
        level: 'info',
        service: 'test',
        trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      });
    }
  });
});
