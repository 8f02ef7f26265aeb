import { GENERATION_ERROR_TYPES } from '@aion/contracts';
import type { MetricDeclaration } from './metric-declaration.ts';

const SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 45, 60, 120] as const;
/**
 * What the messages of a request hold, by the types of content parts that OpenAI's chat completions have: `text` and
 * `refusal` are text, and so are the results of tools; then there are `image_url`, `input_audio` and `file`.
 * @see https://platform.openai.com/docs/api-reference/chat/create
 */
export const INPUT_TYPES = {
  text: 'text and nothing else',
  image: 'images, with or without text',
  audio: 'audio, sent or of an earlier answer, with or without text',
  file: 'files, with or without text',
  mixed: 'more than one of images, audio, files and others',
  other: "parts of a type that OpenAI's chat completions do not have, with or without text",
} as const;
/** One of `INPUT_TYPES`. */
export type InputType = keyof typeof INPUT_TYPES;

const emittedBy = ['ai-engine'] as const;
const call = { provider: 'provider', model: 'model' } as const;
const subject = 'ai' as const;

/** What the AI engine says of inference. */
export const INFERENCE_METRICS = {
  ai_inference_requests_total: {
    type: 'counter',
    help: 'Inference requests that were routed to a provider, by what their messages hold.',
    unit: 'count',
    subject,
    labels: { ...call, input_type: Object.keys(INPUT_TYPES) },
    meanings: { input_type: INPUT_TYPES },
    emittedBy,
  },
  ai_inference_duration_seconds: {
    type: 'histogram',
    help: 'Time from the call of a provider to the end of its answer.',
    unit: 'seconds',
    subject,
    labels: call,
    buckets: SECONDS,
    emittedBy,
  },
  ai_time_to_first_token_seconds: {
    type: 'histogram',
    help: "Time from the call of a provider to the first bytes of its answer's content.",
    unit: 'seconds',
    subject,
    labels: call,
    buckets: SECONDS,
    emittedBy,
  },
  ai_inference_errors_total: {
    type: 'counter',
    help: 'Inference requests that failed, by kind; the prefix says whose fault it was.',
    unit: 'count',
    subject,
    labels: { ...call, error_type: GENERATION_ERROR_TYPES },
    emittedBy,
  },
  ai_tokens_total: {
    type: 'counter',
    help: 'Tokens used.',
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
    help: 'Age of the oldest inference request in progress; 0 when there is none.',
    unit: 'seconds',
    subject,
    labels: { provider: 'provider' },
    emittedBy,
  },
  ai_model_loads_total: {
    type: 'counter',
    help: 'Loads of embedded models that have ended.',
    unit: 'count',
    subject,
    labels: { model: 'model', outcome: ['loaded', 'failed'] },
    emittedBy,
  },
  ai_model_load_duration_seconds: {
    type: 'histogram',
    help: 'Time that loading an embedded model took.',
    unit: 'seconds',
    subject,
    labels: { model: 'model' },
    buckets: SECONDS,
    emittedBy,
  },
  ai_loaded_models: {
    type: 'gauge',
    help: 'Whether an embedded model is in memory: 1 or 0.',
    unit: 'flag',
    subject,
    labels: { model: 'model' },
    emittedBy,
  },
} as const satisfies Record<string, MetricDeclaration>;
