import type { SpanRecord } from '@aion/tracing';

/** Something that must hold, and whether it does. */
export interface DemoCheck {
  readonly name: string;
  readonly ok: boolean;
  /** What was found, for people. */
  readonly message: string;
}

/** The processes that one trace must go through. */
export const TRACED_SERVICES = ['demo-client', 'web-api', 'ai-engine', 'database-gateway', 'data-export'] as const;

interface Wanted {
  readonly name: string;
  readonly matches: (span: SpanRecord) => boolean;
}

const WANTED: readonly Wanted[] = [
  { name: 'queue PRODUCER span', matches: ({ kind }) => kind === 'producer' },
  { name: 'queue CONSUMER span', matches: ({ kind }) => kind === 'consumer' },
  { name: 'database COPY span', matches: ({ name }) => /^COPY\b/i.test(name) },
  { name: 'object store span', matches: ({ name }) => /^put object\b/i.test(name) },
];

/** Checks that one trace holds every step of the story: I5 of the architecture. */
export function checkTrace(spans: readonly SpanRecord[], traceId: string): DemoCheck[] {
  const services = new Set(spans.map(({ service }) => service));
  const missing = TRACED_SERVICES.filter((service) => !services.has(service));
  const isOneTrace = spans.length > 0 && spans.every((span) => span.traceId === traceId);
  const orphans = orphansOf(spans);
  return [
    {
      name: 'one trace through all services',
      ok: missing.length === 0 && isOneTrace,
      message:
        missing.length === 0 ? `${services.size} processes, ${spans.length} spans` : `missing: ${missing.join(', ')}`,
    },
    {
      name: 'trace is one tree',
      ok: orphans.length === 0,
      message:
        orphans.length === 0
          ? 'every span has its parent'
          : `${orphans.length} without parent, such as "${orphans[0]?.name ?? ''}" of ${orphans[0]?.service ?? ''}`,
    },
    ...WANTED.map(({ name, matches }) => {
      const found = spans.filter(matches);
      const [first] = found;
      return {
        name,
        ok: found.length > 0,
        message: first === undefined ? 'none in the trace' : `${first.name} [${first.service}]`,
      };
    }),
  ];
}

/** Spans beside the root whose parent is not there. */
function orphansOf(spans: readonly SpanRecord[]): readonly SpanRecord[] {
  const known = new Set(spans.map(({ spanId }) => spanId));
  return spans.filter(({ parentSpanId }) => parentSpanId !== undefined && !known.has(parentSpanId));
}
