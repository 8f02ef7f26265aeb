import type { TelemetrySubject } from '@aion/config';
import { errorCode } from '@aion/errors';
import {
  context,
  SpanStatusCode,
  trace,
  type Context,
  type Span,
  type SpanOptions as ApiSpanOptions,
} from '@opentelemetry/api';

/** How a span starts; the API's own options, of which `root` keeps the baggage of the parent. */
export interface SpanOptions extends ApiSpanOptions {
  /** What the span is about; the spans of a subject can be switched off. */
  readonly subject?: TelemetrySubject;
  /** Instead of the active context. */
  readonly parent?: Context;
}

/** A span whose end does not coincide with a function's: a request that ends when its connection closes. */
export interface OpenSpan {
  readonly span: Span;
  /** The context in which the span is active. */
  readonly context: Context;
}

/** The tracer, which is the instrumentation scope, of a subject's spans. */
export function tracerNameOf(subject: TelemetrySubject | undefined): string {
  return subject === undefined ? 'aion' : `aion.${subject}`;
}

/** Starts a span that the caller ends. Prefer `withSpan`, which cannot forget. */
export function openSpan(name: string, options: SpanOptions = {}): OpenSpan {
  const parent = options.parent ?? context.active();
  const span = trace.getTracer(tracerNameOf(options.subject)).startSpan(name, options, parent);
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
  return errorCode(thrown) ?? thrown.name;
}
