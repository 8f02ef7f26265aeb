import { TELEMETRY_SUBJECTS } from '@aion/config';
import type { LauncherConfig } from '../launcher-config.ts';

/** Where the spans of the demo are, as its variables say. */
export type SpanWhereabouts =
  | { readonly kind: 'services' }
  | { readonly kind: 'receiver'; readonly url: string; readonly message: string }
  /** Not all are recorded, so that there is no whole trace to be shown and checked. */
  | { readonly kind: 'incomplete'; readonly message: string };

/** Says where the spans are, or why not all are there. */
export function findSpans(config: LauncherConfig): SpanWhereabouts {
  const reason = incompleteBecause(config);
  if (reason !== undefined) {
    return { kind: 'incomplete', message: `Not all of its spans are recorded: ${reason}. It is not checked.` };
  }
  const url = config.otlpTracesEndpoint ?? config.otlpEndpoint;
  if (url === undefined) return { kind: 'services' };
  const variable =
    config.otlpTracesEndpoint === undefined ? 'OTEL_EXPORTER_OTLP_ENDPOINT' : 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT';
  return { kind: 'receiver', url, message: `Its spans went to ${url} (${variable}): look it up there.` };
}

function incompleteBecause(config: LauncherConfig): string | undefined {
  if (config.otelSdkDisabled) return 'OTEL_SDK_DISABLED is true';
  if (!config.tracingEnabled) return 'AION_TRACING_ENABLED is false';
  const { tracesSampler = 'parentbased_always_on' } = config;
  // The others follow the demo's own decision, which is to record.
  if (!tracesSampler.startsWith('parentbased_') && tracesSampler !== 'always_on') {
    return `OTEL_TRACES_SAMPLER is ${tracesSampler}`;
  }
  const isWhole = TELEMETRY_SUBJECTS.every((subject) => config.tracingSubjects.includes(subject));
  return isWhole ? undefined : 'AION_TRACING_SUBJECTS names some subjects only';
}
