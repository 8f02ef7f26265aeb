import { GENERATION_ERROR_TYPES } from '@aion/contracts';
import type { MetricDeclaration } from './metric-declaration.ts';

/** Bucket bounds of durations in the conventions, in seconds. */
const SECONDS = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92] as const;
/** Bucket bounds of token counts in the conventions: powers of 4. */
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
/** Empty, which Prometheus treats as absent, for operations that did not fail. */
const error_type = ['', ...GENERATION_ERROR_TYPES] as const;
/** AION does not read the breakdown by modality that a provider reports. */
const gen_ai_token_modality = ['text', 'unknown'] as const;

/**
 * Metrics of inference under the names of OpenTelemetry's conventions for generative AI, for tools that expect them. Names
 * follow the mapping to Prometheus: dots become underscores, the unit `s` becomes `_seconds`, `{token}` is omitted, counters
 * end in `_total`.
 *
 * The first metrics are those of version 1.41, the last in the common repository; the others replace them for inference in
 * later versions. Chunks, cached tokens and reasoning tokens are omitted, because AION does not know them.
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
    help: 'Tokens per operation, if the provider reported them (conventions 1.41).',
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
    help: 'Input tokens reported by the provider; 0 for operations without a report.',
    unit: 'count',
    labels: { ...operation, gen_ai_token_modality },
  },
  gen_ai_client_inference_usage_output_tokens_total: {
    ...common,
    type: 'counter',
    help: 'Output tokens reported by the provider; 0 for operations without a report.',
    unit: 'count',
    labels: { ...operation, gen_ai_token_modality },
  },
  gen_ai_client_inference_operation_input_tokens: {
    ...common,
    type: 'histogram',
    help: 'Input tokens per inference as reported by the provider, else 0.',
    unit: 'count',
    labels: { ...operation, error_type },
    buckets: TOKENS,
  },
  gen_ai_client_inference_operation_output_tokens: {
    ...common,
    type: 'histogram',
    help: 'Output tokens per inference as reported by the provider, else 0.',
    unit: 'count',
    labels: { ...operation, error_type },
    buckets: TOKENS,
  },
} as const satisfies Record<string, MetricDeclaration>;
