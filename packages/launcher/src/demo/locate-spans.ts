import { TELEMETRY_SUBJECTS } from '@aion/config';
import type { LauncherConfig } from '../launcher-config.ts';

/** Location of the spans of the demo, according to its environment variables. */
export type SpanLocation =
  | { readonly kind: 'services' }
  | { readonly kind: 'receiver'; readonly url: string; readonly message: string }
  /** Not all spans are recorded, so there is no complete trace to show and check. */
  | { readonly kind: 'incomplete'; readonly message: string };

/** Returns the location of the spans, or the reason why they are incomplete. */
export function locateSpans(config: LauncherConfig): SpanLocation {
  const reason = findIncompleteReason(config);
  if (reason !== undefined) {
    return { kind: 'incomplete', message: `Trace not checked: not all spans are recorded because ${reason}.` };
  }
  const url = config.otlpTracesEndpoint ?? config.otlpEndpoint;
  if (url === undefined) return { kind: 'services' };
  const variable =
    config.otlpTracesEndpoint === undefined ? 'OTEL_EXPORTER_OTLP_ENDPOINT' : 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT';
  return { kind: 'receiver', url, message: `Spans were exported to ${url} (${variable}). View the trace there.` };
}

function findIncompleteReason(config: LauncherConfig): string | undefined {
  if (config.otelSdkDisabled) return 'OTEL_SDK_DISABLED is true';
  if (!config.tracingEnabled) return 'AION_TRACING_ENABLED is false';
  const { tracesSampler = 'parentbased_always_on' } = config;
  // Parent-based samplers follow the decision of the demo, which records all spans.
  if (!tracesSampler.startsWith('parentbased_') && tracesSampler !== 'always_on') {
    return `OTEL_TRACES_SAMPLER is ${tracesSampler}`;
  }
  const areAllTraced = TELEMETRY_SUBJECTS.every((subject) => config.tracingSubjects.includes(subject));
  return areAllTraced ? undefined : 'AION_TRACING_SUBJECTS omits subjects';
}
