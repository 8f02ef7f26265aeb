import {
  SpanKind,
  SpanStatusCode,
  type Attributes,
  type HrTime,
  type Link,
  type SpanContext,
} from '@opentelemetry/api';
import type { SpanRecord } from './span-record.ts';

/** Properties that are read from a finished span of the SDK. */
export interface FinishedSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly spanContext: () => SpanContext;
  readonly parentSpanContext?: SpanContext;
  readonly startTime: HrTime;
  readonly duration: HrTime;
  readonly status: { readonly code: SpanStatusCode; message?: string };
  readonly attributes: Attributes;
  readonly links: readonly Link[];
  readonly events: readonly { readonly name: string; readonly attributes?: Attributes }[];
  readonly resource: { readonly attributes: Readonly<Record<string, unknown>> };
}

const KINDS = {
  [SpanKind.INTERNAL]: 'internal',
  [SpanKind.SERVER]: 'server',
  [SpanKind.CLIENT]: 'client',
  [SpanKind.PRODUCER]: 'producer',
  [SpanKind.CONSUMER]: 'consumer',
} as const;
const STATUSES = {
  [SpanStatusCode.UNSET]: 'unset',
  [SpanStatusCode.OK]: 'ok',
  [SpanStatusCode.ERROR]: 'error',
} as const;

/** Ids are not redacted: a redactor could mistake their digits for a card number. */
const ID = /^[0-9a-f-]{16,36}$/;

/** Converts a finished span to plain JSON. */
export function toSpanRecord(span: FinishedSpan): SpanRecord {
  const { traceId, spanId } = span.spanContext();
  const events = span.events.map(({ name, attributes }) => ({ name, attributes: attributes ?? {} }));
  return {
    traceId,
    spanId,
    ...(span.parentSpanContext === undefined ? {} : { parentSpanId: span.parentSpanContext.spanId }),
    links: span.links.map((link) => ({ traceId: link.context.traceId, spanId: link.context.spanId })),
    name: span.name,
    kind: KINDS[span.kind],
    service: String(span.resource.attributes['service.name']),
    startTimeMs: span.startTime[0] * 1_000 + span.startTime[1] / 1e6,
    durationMs: span.duration[0] * 1_000 + span.duration[1] / 1e6,
    status: STATUSES[span.status.code],
    attributes: span.attributes,
    ...(events.length === 0 ? {} : { events }),
  };
}

/**
 * Redacts a finished span in place: attributes, status, links and events, which contain the messages and stacks of
 * exceptions. Applied where spans leave the process, so that it covers every way of recording.
 */
export function redactSpan(span: FinishedSpan, redactText: (text: string) => string): void {
  redactAttributes(span.attributes, redactText);
  if (span.status.message !== undefined) span.status.message = redactText(span.status.message);
  for (const event of span.events) if (event.attributes !== undefined) redactAttributes(event.attributes, redactText);
  for (const link of span.links) if (link.attributes !== undefined) redactAttributes(link.attributes, redactText);
}

function redactAttributes(attributes: Attributes, redactText: (text: string) => string): void {
  // Redact line by line, because the redactor removes line breaks and a stack must stay readable.
  const clean = (text: string): string =>
    ID.test(text)
      ? text
      : text
          .split('\n')
          .map((line) => redactText(line))
          .join('\n');
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === 'string') attributes[key] = clean(value);
    // All other lists contain numbers or booleans.
    else if (Array.isArray(value))
      attributes[key] = value.map((item) => (typeof item === 'string' ? clean(item) : item)) as string[];
  }
}
