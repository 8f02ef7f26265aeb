/** A span as returned by the query API of Jaeger. */
export interface JaegerSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly service: string;
  readonly tags: Readonly<Record<string, unknown>>;
}

/** Subset of the response of `/api/traces` (jaeger/model/json). */
interface JaegerAnswer {
  readonly data: readonly {
    readonly processes: Readonly<Record<string, { readonly serviceName: string }>>;
    readonly spans: readonly {
      readonly traceID: string;
      readonly spanID: string;
      readonly operationName: string;
      readonly processID: string;
      readonly references: readonly { readonly refType: string; readonly traceID: string; readonly spanID: string }[];
      readonly tags: readonly { readonly key: string; readonly value: unknown }[];
    }[];
  }[];
}

/** Returns the spans of a trace that Jaeger has received so far. */
export async function spansOfTrace(queryUrl: string, traceId: string): Promise<readonly JaegerSpan[]> {
  const answer = await fetch(`${queryUrl}/api/traces/${traceId}`);
  if (answer.status === 404) return [];
  if (!answer.ok) throw new Error(`Jaeger answered ${answer.status}: ${await answer.text()}`);
  // Format of Jaeger; another one fails the assertions of the test.
  const { data } = (await answer.json()) as JaegerAnswer;
  return data.flatMap(({ spans, processes }) =>
    spans.map((span) => ({
      traceId: span.traceID,
      spanId: span.spanID,
      parentSpanId: span.references.find((each) => each.refType === 'CHILD_OF' && each.traceID === span.traceID)
        ?.spanID,
      name: span.operationName,
      service: processes[span.processID]?.serviceName ?? '',
      tags: Object.fromEntries(span.tags.map(({ key, value }) => [key, value])),
    })),
  );
}

/** Returns all traces of the named services in Jaeger as text. */
export async function readAllTraces(queryUrl: string, services: readonly string[]): Promise<string> {
  const texts = await Promise.all(
    services.map(async (service) => {
      const query = new URLSearchParams({ service, limit: '5000', lookback: '1h' });
      const answer = await fetch(`${queryUrl}/api/traces?${query.toString()}`);
      if (!answer.ok) throw new Error(`Jaeger answered ${answer.status}: ${await answer.text()}`);
      return answer.text();
    }),
  );
  return texts.join('\n');
}

/** Returns for each span with a name the path from the root to it, as `service: name`. */
export function pathsTo(spans: readonly JaegerSpan[], name: string): string[][] {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  return spans
    .filter((span) => span.name === name)
    .map((last) => {
      const path: string[] = [];
      for (let span: JaegerSpan | undefined = last; span !== undefined; span = byId.get(span.parentSpanId ?? '')) {
        path.unshift(`${span.service}: ${span.name}`);
      }
      return path;
    });
}

/** Returns the spans whose parent is missing. */
export function findOrphans(spans: readonly JaegerSpan[]): readonly JaegerSpan[] {
  const known = new Set(spans.map(({ spanId }) => spanId));
  return spans.filter(({ parentSpanId }) => parentSpanId !== undefined && !known.has(parentSpanId));
}
