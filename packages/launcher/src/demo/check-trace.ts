import type { SpanRecord } from '@aion/tracing';

/** Result of one check of the demo. */
export interface DemoCheck {
  readonly name: string;
  readonly ok: boolean;
  /** Explanation of the result in plain text. */
  readonly message: string;
}

/** Processes that must have spans in the trace. */
export const TRACED_SERVICES = ['demo-client', 'web-api', 'ai-engine', 'database-gateway', 'data-export'] as const;

interface RequiredSpan {
  readonly name: string;
  readonly matches: (span: SpanRecord) => boolean;
}

const REQUIRED_SPANS: readonly RequiredSpan[] = [
  { name: 'queue PRODUCER span', matches: ({ kind }) => kind === 'producer' },
  { name: 'queue CONSUMER span', matches: ({ kind }) => kind === 'consumer' },
  { name: 'database COPY span', matches: ({ name }) => /^COPY\b/i.test(name) },
  { name: 'object store span', matches: ({ name }) => /^put object\b/i.test(name) },
];

/** Checks that one trace contains every step of the demo. */
export function checkTrace(spans: readonly SpanRecord[], traceId: string): DemoCheck[] {
  const services = new Set(spans.map(({ service }) => service));
  const missing = TRACED_SERVICES.filter((service) => !services.has(service));
  const isOneTrace = spans.length > 0 && spans.every((span) => span.traceId === traceId);
  const orphans = findOrphans(spans);
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
          ? 'every parent span is present'
          : `${orphans.length} spans without their parent, such as "${orphans[0]?.name ?? ''}" of ${orphans[0]?.service ?? ''}`,
    },
    ...REQUIRED_SPANS.map(({ name, matches }) => {
      const found = spans.filter(matches);
      const [first] = found;
      return {
        name,
        ok: found.length > 0,
        message: first === undefined ? 'not found in the trace' : `${first.name} [${first.service}]`,
      };
    }),
  ];
}

/** Returns the spans whose parent is missing. */
function findOrphans(spans: readonly SpanRecord[]): readonly SpanRecord[] {
  const known = new Set(spans.map(({ spanId }) => spanId));
  return spans.filter(({ parentSpanId }) => parentSpanId !== undefined && !known.has(parentSpanId));
}
