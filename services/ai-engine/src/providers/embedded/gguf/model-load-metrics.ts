import type { Metrics } from '@aion/metrics';

/** Metrics of loaded embedded models. */
export interface ModelLoadMetrics {
  /**
   * Registers a model that may be loaded.
   * @param model name of a file that the operator added, never text of a caller
   * @returns function that records a load that has ended
   */
  watch(model: string, isLoaded: () => boolean): (outcome: 'loaded' | 'failed', durationMs: number) => void;
}

/** Creates the metrics; does nothing without `metrics`. */
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
