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

/** Options of a span. With `root` the span starts a new trace and keeps the baggage of the parent context. */
export interface SpanOptions extends ApiSpanOptions {
  /** Subject of the span; each subject has a feature flag. */
  readonly subject?: TelemetrySubject;
  /** Parent context. Default: the active context. */
  readonly parent?: Context;
}

/** Span that the caller ends, for operations that do not end with a function, such as a request whose connection closes. */
export interface OpenSpan {
  readonly span: Span;
  /** Context in which the span is active. */
  readonly context: Context;
}

/** Returns the name of the tracer (instrumentation scope) of a subject. */
export function tracerNameOf(subject: TelemetrySubject | undefined): string {
  return subject === undefined ? 'aion' : `aion.${subject}`;
}

/** Starts a span that the caller must end. Prefer `withSpan`, which always ends its span. */
export function openSpan(name: string, options: SpanOptions = {}): OpenSpan {
  const parent = options.parent ?? context.active();
  const span = trace.getTracer(tracerNameOf(options.subject)).startSpan(name, options, parent);
  return { span, context: trace.setSpan(parent, span) };
}

/** Marks a span as failed: sets status ERROR and `error.type`, and records the exception as an event. */
export function failSpan(span: Span, thrown: unknown): void {
  const errorType = errorTypeOf(thrown);
  span.setAttribute('error.type', errorType);
  span.recordException(thrown instanceof Error ? thrown : String(thrown));
  span.setStatus({ code: SpanStatusCode.ERROR, message: errorType });
}

/**
 * Runs a function in a span. Always ends the span; records a thrown error, sets status ERROR and `error.type`, and
 * rethrows the error.
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
