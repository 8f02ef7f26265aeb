import { GENERATION_ERROR_TYPES } from '@aion/contracts';
import type { MetricDeclaration } from './metric-declaration.ts';

const SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 45, 60, 120] as const;
/**
 * Types of input by the content parts of a request, as defined by OpenAI's chat completions: `text`, `refusal` and tool
 * results count as text; the other parts are `image_url`, `input_audio` and `file`.
 * @see https://platform.openai.com/docs/api-reference/chat/create
 */
export const INPUT_TYPES = {
  text: 'text only',
  image: 'images, with or without text',
  audio: 'audio from the user or an earlier response, with or without text',
  file: 'files, with or without text',
  mixed: 'more than one of images, audio, files and others',
  other: "parts of a type that OpenAI's chat completions do not define, with or without text",
} as const;
/** One of `INPUT_TYPES`. */
export type InputType = keyof typeof INPUT_TYPES;

const emittedBy = ['ai-engine'] as const;
const call = { provider: 'provider', model: 'model' } as const;
const subject = 'ai' as const;

/** Metrics of inference, emitted by ai-engine. */
export const INFERENCE_METRICS = {
  ai_inference_requests_total: {
    type: 'counter',
    help: 'Inference requests routed to a provider, by type of input.',
    unit: 'count',
    subject,
    labels: { ...call, input_type: Object.keys(INPUT_TYPES) },
    meanings: { input_type: INPUT_TYPES },
    emittedBy,
  },
  ai_inference_duration_seconds: {
    type: 'histogram',
    help: 'Time from calling a provider to the end of its response.',
    unit: 'seconds',
    subject,
    labels: call,
    buckets: SECONDS,
    emittedBy,
  },
  ai_time_to_first_token_seconds: {
    type: 'histogram',
    help: 'Time from calling a provider to the first content of its response.',
    unit: 'seconds',
    subject,
    labels: call,
    buckets: SECONDS,
    emittedBy,
  },
  ai_inference_errors_total: {
    type: 'counter',
    help: 'Failed inference requests by error type; its prefix names the responsible party.',
    unit: 'count',
    subject,
    labels: { ...call, error_type: GENERATION_ERROR_TYPES },
    emittedBy,
  },
  ai_tokens_total: {
    type: 'counter',
    help: 'Input and output tokens of inference.',
    unit: 'count',
    subject,
    labels: { ...call, direction: ['input', 'output'] },
    emittedBy,
  },
  ai_cost_usd_total: {
    type: 'counter',
    help: 'Cost of inference in US dollars.',
    unit: 'usd',
    subject,
    labels: call,
    emittedBy,
  },
  ai_active_sessions: {
    type: 'gauge',
    help: 'Inference requests in progress.',
    unit: 'count',
    subject,
    labels: { provider: 'provider' },
    emittedBy,
  },
  ai_inflight_oldest_age_seconds: {
    type: 'gauge',
    help: 'Age of the oldest inference request in progress; 0 without one.',
    unit: 'seconds',
    subject,
    labels: { provider: 'provider' },
    emittedBy,
  },
  ai_model_loads_total: {
    type: 'counter',
    help: 'Completed loads of embedded models.',
    unit: 'count',
    subject,
    labels: { model: 'model', outcome: ['loaded', 'failed'] },
    emittedBy,
  },
  ai_model_load_duration_seconds: {
    type: 'histogram',
    help: 'Duration of loading an embedded model.',
    unit: 'seconds',
    subject,
    labels: { model: 'model' },
    buckets: SECONDS,
    emittedBy,
  },
  ai_loaded_models: {
    type: 'gauge',
    help: '1 if an embedded model is in memory, else 0.',
    unit: 'flag',
    subject,
    labels: { model: 'model' },
    emittedBy,
  },
} as const satisfies Record<string, MetricDeclaration>;
