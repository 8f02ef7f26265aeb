/** A span as Jaeger's query API tells it. */
export interface JaegerSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly service: string;
  readonly tags: Readonly<Record<string, unknown>>;
}

/** What this reads of an answer of `/api/traces` (jaeger/model/json). */
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

/** The spans of a trace that Jaeger has so far. */
export async function spansOfTrace(queryUrl: string, traceId: string): Promise<readonly JaegerSpan[]> {
  const answer = await fetch(`${queryUrl}/api/traces/${traceId}`);
  if (answer.status === 404) return [];
  if (!answer.ok) throw new Error(`Jaeger answered ${answer.status}: ${await answer.text()}`);
  // Jaeger's own form; a wrong one fails the assertions that follow.
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

/** All that Jaeger holds of the named services, as text. */
export async function everythingInJaeger(queryUrl: string, services: readonly string[]): Promise<string> {
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

/** For each span of a name its ancestors and itself, from the root, as `service: name`. */
export function waysTo(spans: readonly JaegerSpan[], name: string): string[][] {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  return spans
    .filter((span) => span.name === name)
    .map((last) => {
      const way: string[] = [];
      for (let span: JaegerSpan | undefined = last; span !== undefined; span = byId.get(span.parentSpanId ?? '')) {
        way.unshift(`${span.service}: ${span.name}`);
      }
      return way;
    });
}

/** Spans that name a parent which is not there. */
export function orphansOf(spans: readonly JaegerSpan[]): readonly JaegerSpan[] {
  const known = new Set(spans.map(({ spanId }) => spanId));
  return spans.filter(({ parentSpanId }) => parentSpanId !== undefined && !known.has(parentSpanId));
}
