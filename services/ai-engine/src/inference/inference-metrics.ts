import { GENERATION_ERROR_TYPES } from '@aion/contracts';
import { INPUT_TYPES, type InputType, type Metrics } from '@aion/metrics';
import { createGenAiMetrics } from './gen-ai-metrics.ts';
import type { Settlement } from './generation-store.ts';

/** Metrics of one inference. */
export interface InferenceSession {
  /** Records the arrival of content; only the first call counts. */
  firstToken(): void;
  readonly timeToFirstTokenMs: number | null;
  end(settlement: Settlement): void;
}

/** Attributes of a completion that begins. */
export interface InferenceCall {
  readonly provider: string;
  /** Label from a bounded set, never text of a caller. */
  readonly model: string;
  readonly inputType: InputType;
  /** True when the requested output is text only. */
  readonly outputIsText: boolean;
}

/** Metrics of all inferences of a process. */
export interface InferenceMetrics {
  begin(call: InferenceCall): InferenceSession;
}

/** Creates the metrics. Active sessions are counted from the live set, so that they cannot drift. */
export function createInferenceMetrics(metrics: Metrics, providers: readonly string[]): InferenceMetrics {
  const active = new Map(providers.map((provider) => [provider, new Map<InferenceSession, number>()]));
  const genAi = createGenAiMetrics(metrics);
  const started = new Set<string>();
  const activeSessions = metrics.gauge('ai_active_sessions');
  const oldestAge = metrics.gauge('ai_inflight_oldest_age_seconds');
  metrics.onCollect(() => {
    const now = performance.now();
    for (const [provider, sessions] of active) {
      activeSessions.set({ provider }, sessions.size);
      // A map iterates in insertion order: the first entry is the oldest.
      const oldestAt = sessions.values().next().value ?? now;
      oldestAge.set({ provider }, (now - oldestAt) / 1_000);
    }
  }, 'ai');
  return {
    begin: ({ provider, model, inputType, outputIsText }) => {
      const labels = { provider, model };
      const genAiCall = { ...labels, inputIsText: inputType === 'text', outputIsText };
      const startedAt = performance.now();
      let firstTokenMs: number | null = null;
      const key = JSON.stringify(genAiCall);
      if (!started.has(key)) {
        started.add(key);
        startAtZero(metrics, labels);
        genAi.start(genAiCall);
      }
      metrics.counter('ai_inference_requests_total').inc({ ...labels, input_type: inputType });
      const session: InferenceSession = {
        firstToken: () => {
          if (firstTokenMs !== null) return;
          firstTokenMs = Math.round(performance.now() - startedAt);
          metrics.histogram('ai_time_to_first_token_seconds').observe(labels, firstTokenMs / 1_000);
        },
        get timeToFirstTokenMs() {
          return firstTokenMs;
        },
        end: (settlement) => {
          active.get(provider)?.delete(session);
          record(metrics, labels, settlement);
          genAi.end(genAiCall, settlement);
        },
      };
      active.get(provider)?.set(session, startedAt);
      return session;
    },
  };
}

/** Starts the counters of a called model at zero, so that `rate()` sees their first increment. */
function startAtZero(metrics: Metrics, labels: { provider: string; model: string }): void {
  for (const input_type of Object.keys(INPUT_TYPES)) {
    metrics.counter('ai_inference_requests_total').inc({ ...labels, input_type }, 0);
  }
  for (const error_type of GENERATION_ERROR_TYPES) {
    metrics.counter('ai_inference_errors_total').inc({ ...labels, error_type }, 0);
  }
}

function record(metrics: Metrics, labels: { provider: string; model: string }, settlement: Settlement): void {
  const { errorType, promptTokens, completionTokens, costMicroUsd, durationMs } = settlement;
  metrics.histogram('ai_inference_duration_seconds').observe(labels, durationMs / 1_000);
  metrics.counter('ai_tokens_total').inc({ ...labels, direction: 'input' }, promptTokens);
  metrics.counter('ai_tokens_total').inc({ ...labels, direction: 'output' }, completionTokens);
  metrics.counter('ai_cost_usd_total').inc(labels, costMicroUsd / 1_000_000);
  if (errorType !== null) metrics.counter('ai_inference_errors_total').inc({ ...labels, error_type: errorType });
}
