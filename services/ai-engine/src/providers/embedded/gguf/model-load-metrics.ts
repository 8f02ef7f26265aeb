import type { Metrics } from '@aion/metrics';

/** The metrics of embedded models in memory. */
export interface ModelLoadMetrics {
  /**
   * Watches a model that may be loaded from now on.
   * @param model the name of a file that the operator put there, never a caller's text
   * @returns what is to be told when a load has ended
   */
  watch(model: string, isLoaded: () => boolean): (outcome: 'loaded' | 'failed', durationMs: number) => void;
}

/** Creates the metrics; they do nothing without `metrics`. */
export function createModelLoadMetrics(metrics: Metrics | undefined): ModelLoadMetrics {
  const watched = new Map<string, () => boolean>();
  metrics?.onCollect(() => {
    for (const [model, isLoaded] of watched) metrics.gauge('ai_loaded_models').set({ model }, isLoaded() ? 1 : 0);
  }, 'ai');
  return {
    watch: (model, isLoaded) => {
      watched.set(model, isLoaded);
      for (const outcome of ['loaded', 'failed']) metrics?.counter('ai_model_loads_total').inc({ model, outcome }, 0);
      metrics?.histogram('ai_model_load_duration_seconds').zero({ model });
      return (outcome, durationMs) => {
        metrics?.counter('ai_model_loads_total').inc({ model, outcome });
        metrics?.histogram('ai_model_load_duration_seconds').observe({ model }, durationMs / 1_000);
      };
    },
  };
}
