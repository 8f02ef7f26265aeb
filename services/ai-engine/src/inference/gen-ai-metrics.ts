import { BOUNDED_SETS, OTHER, type Metrics } from '@aion/metrics';
import type { Settlement } from './generation-store.ts';

/** Attributes of a completion in addition to its settlement. */
export interface GenAiCall {
  readonly provider: string;
  /** Label from a bounded set, never text of a caller. */
  readonly model: string;
  /** True when both input and requested output are text only. */
  readonly inputIsText: boolean;
  readonly outputIsText: boolean;
}

/** Metrics of inference under the names of OpenTelemetry; they record nothing unless enabled. */
export interface GenAiMetrics {
  /** Starts the series of a successful completion at zero, before its end. */
  start(call: GenAiCall): void;
  end(call: GenAiCall, settlement: Settlement): void;
}

/** Creates the metrics. The catalogue describes each and cites its specification. */
export function createGenAiMetrics(metrics: Metrics): GenAiMetrics {
  const tokenUsage = metrics.histogram('gen_ai_client_token_usage');
  const durations = [
    metrics.histogram('gen_ai_client_operation_duration_seconds'),
    metrics.histogram('gen_ai_client_inference_duration_seconds'),
  ] as const;
  const inputUsage = metrics.counter('gen_ai_client_inference_usage_input_tokens_total');
  const outputUsage = metrics.counter('gen_ai_client_inference_usage_output_tokens_total');
  const inputTokens = metrics.histogram('gen_ai_client_inference_operation_input_tokens');
  const outputTokens = metrics.histogram('gen_ai_client_inference_operation_output_tokens');
  const labelsOf = createLabels();

  return {
    start: (call) => {
      const labels = labelsOf(call);
      for (const gen_ai_token_type of ['input', 'output']) tokenUsage.zero({ ...labels, gen_ai_token_type });
      for (const histogram of [...durations, inputTokens, outputTokens]) histogram.zero({ ...labels, error_type: '' });
      inputUsage.inc({ ...labels, gen_ai_token_modality: modality(call.inputIsText) }, 0);
      outputUsage.inc({ ...labels, gen_ai_token_modality: modality(call.outputIsText) }, 0);
    },
    end: (call, settlement) => {
      const labels = labelsOf(call);
      const outcome = { ...labels, error_type: settlement.errorType ?? '' };
      for (const histogram of durations) histogram.observe(outcome, settlement.durationMs / 1_000);
      const isCounted = settlement.usageSource === 'provider';
      const input = isCounted ? settlement.promptTokens : 0;
      const output = isCounted ? settlement.completionTokens : 0;
      if (isCounted) {
        tokenUsage.observe({ ...labels, gen_ai_token_type: 'input' }, input);
        tokenUsage.observe({ ...labels, gen_ai_token_type: 'output' }, output);
      }
      inputUsage.inc({ ...labels, gen_ai_token_modality: modality(isCounted && call.inputIsText) }, input);
      outputUsage.inc({ ...labels, gen_ai_token_modality: modality(isCounted && call.outputIsText) }, output);
      inputTokens.observe(outcome, input);
      outputTokens.observe(outcome, output);
    },
  };
}

/** Returns the labels of a call. Each model has about a hundred series, so models beyond the limit share one label. */
function createLabels(): (call: GenAiCall) => {
  gen_ai_operation_name: string;
  gen_ai_provider_name: string;
  gen_ai_request_model: string;
} {
  const models = new Set<string>();
  return ({ provider, model }) => {
    if (models.size < BOUNDED_SETS.gen_ai_model.maxValues) models.add(model);
    return {
      gen_ai_operation_name: 'chat',
      gen_ai_provider_name: provider,
      gen_ai_request_model: models.has(model) ? model : OTHER,
    };
  };
}

function modality(isText: boolean): string {
  return isText ? 'text' : 'unknown';
}
