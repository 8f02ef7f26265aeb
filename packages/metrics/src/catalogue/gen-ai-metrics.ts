import { GENERATION_ERROR_TYPES } from '@aion/contracts';
import type { MetricDeclaration } from './metric-declaration.ts';

/** The bounds that the conventions want for durations, in seconds. */
const SECONDS = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92] as const;
/** The bounds that the conventions want for tokens: powers of 4. */
const TOKENS = [
  1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864,
] as const;
const emittedBy = ['ai-engine'] as const;
const common = { subject: 'ai', optIn: 'genai', emittedBy } as const;

const operation = {
  gen_ai_operation_name: ['chat'],
  gen_ai_provider_name: 'provider',
  gen_ai_request_model: 'gen_ai_model',
} as const;
/** Empty, which Prometheus takes for absent, when the operation did not fail. */
const error_type = ['', ...GENERATION_ERROR_TYPES] as const;
/** AION does not read how a provider breaks its count down. */
const gen_ai_token_modality = ['text', 'unknown'] as const;

/**
 * Inference under the names of OpenTelemetry's conventions for generative AI, for tools that look for those. The names of
 * its metrics and attributes are written as Prometheus writes them: dots become underscores, the unit `s` becomes
 * `_seconds`, `{token}` vanishes, counters end in `_total`.
 *
 * First those of version 1.41, the last in the common repository; then those that came after it and replace them for
 * inference. Not here is what AION does not know: chunks, cached and reasoning tokens.
 * @see https://github.com/open-telemetry/semantic-conventions/blob/v1.41.0/docs/gen-ai/gen-ai-metrics.md
 * @see https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/client-inference.md
 * @see https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-token-metrics.md
 * @see https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/non-normative/migration.md
 * @see https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
 */
export const GEN_AI_METRICS = {
  gen_ai_client_token_usage: {
    ...common,
    type: 'histogram',
    help: 'Tokens of an operation, when the provider counted them (conventions 1.41).',
    unit: 'count',
    labels: { ...operation, gen_ai_token_type: ['input', 'output'] },
    buckets: TOKENS,
  },
  gen_ai_client_operation_duration_seconds: {
    ...common,
    type: 'histogram',
    help: 'Duration of an operation (conventions 1.41).',
    unit: 'seconds',
    labels: { ...operation, error_type },
    buckets: SECONDS,
  },
  gen_ai_client_inference_duration_seconds: {
    ...common,
    type: 'histogram',
    help: 'Duration of an inference.',
    unit: 'seconds',
    labels: { ...operation, error_type },
    buckets: SECONDS,
  },
  gen_ai_client_inference_usage_input_tokens_total: {
    ...common,
    type: 'counter',
    help: 'Input tokens used, as the provider counted them; those that it did not count are 0 here.',
    unit: 'count',
    labels: { ...operation, gen_ai_token_modality },
  },
  gen_ai_client_inference_usage_output_tokens_total: {
    ...common,
    type: 'counter',
    help: 'Output tokens used, as the provider counted them; those that it did not count are 0 here.',
    unit: 'count',
    labels: { ...operation, gen_ai_token_modality },
  },
  gen_ai_client_inference_operation_input_tokens: {
    ...common,
    type: 'histogram',
    help: 'Input tokens of an inference as the provider counted them, else 0.',
    unit: 'count',
    labels: { ...operation, error_type },
    buckets: TOKENS,
  },
  gen_ai_client_inference_operation_output_tokens: {
    ...common,
    type: 'histogram',
    help: 'Output tokens of an inference as the provider counted them, else 0.',
    unit: 'count',
    labels: { ...operation, error_type },
    buckets: TOKENS,
  },
} as const satisfies Record<string, MetricDeclaration>;
