import {
  context,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Link,
  type Span,
  type TimeInput,
} from '@opentelemetry/api';

/** How a span starts. */
export interface SpanOptions {
  readonly kind?: SpanKind;
  readonly attributes?: Attributes;
  /** Instead of the active context. */
  readonly parent?: Context;
  /** Starts a new trace; baggage of the parent is kept. */
  readonly root?: boolean;
  readonly links?: Link[];
  readonly startTime?: TimeInput;
}

/** A span whose end does not coincide with a function's: a request that ends when its connection closes. */
export interface OpenSpan {
  readonly span: Span;
  /** The context in which the span is active. */
  readonly context: Context;
}

const TRACER_NAME = 'aion';

/** Starts a span that the caller ends. Prefer `withSpan`, which cannot forget. */
export function openSpan(name: string, options: SpanOptions = {}): OpenSpan {
  const parent = options.parent ?? context.active();
  const span = trace.getTracer(TRACER_NAME).startSpan(
    name,
    {
      kind: options.kind ?? SpanKind.INTERNAL,
      ...(options.attributes === undefined ? {} : { attributes: options.attributes }),
      ...(options.links === undefined ? {} : { links: options.links }),
      ...(options.startTime === undefined ? {} : { startTime: options.startTime }),
      ...(options.root === undefined ? {} : { root: options.root }),
    },
    parent,
  );
  return { span, context: trace.setSpan(parent, span) };
}

/** Marks a span as failed: status ERROR, `error.type`, and the exception as an event. */
export function failSpan(span: Span, thrown: unknown): void {
  const errorType = errorTypeOf(thrown);
  span.setAttribute('error.type', errorType);
  span.recordException(thrown instanceof Error ? thrown : String(thrown));
  span.setStatus({ code: SpanStatusCode.ERROR, message: errorType });
}

/**
 * Runs a function inside a span. The span always ends; what is thrown is recorded, sets ERROR and `error.type`,
 * and is thrown on.
 */
export async function withSpan<T>(name: string, options: SpanOptions, run: (span: Span) => Promise<T> | T): Promise<T> {
  const { span, context: active } = openSpan(name, options);
  try {
    return await context.with(active, run, undefined, span);
  } catch (thrown) {
    failSpan(span, thrown);
    throw thrown;
  } finally {
    span.end();
  }
}

function errorTypeOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return typeof thrown;
  const code: unknown = 'code' in thrown ? thrown.code : undefined;
  return typeof code === 'string' ? code : thrown.name;
}
