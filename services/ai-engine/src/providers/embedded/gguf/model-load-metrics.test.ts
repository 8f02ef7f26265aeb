import { createMetrics } from '@aion/metrics';
import { createModelLoadMetrics } from './model-load-metrics.ts';

describe('createModelLoadMetrics', () => {
  it('counts loads from zero and exports which models are loaded', async () => {
    const metrics = createMetrics({ service: 'ai-engine', version: '0', enabled: true });
    let isLoaded = false;
    const onLoad = createModelLoadMetrics(metrics).watch('embedded/tiny', () => isLoaded);
    const before = (await metrics.exposition()).body;
    expect(before).toContain('ai_model_loads_total{model="embedded/tiny",outcome="failed"} 0');
    expect(before).toContain('ai_loaded_models{model="embedded/tiny"} 0');
    isLoaded = true;
    onLoad('loaded', 3_000);
    const after = (await metrics.exposition()).body;
    expect(after).toContain('ai_model_loads_total{model="embedded/tiny",outcome="loaded"} 1');
    expect(after).toContain('ai_model_load_duration_seconds_sum{model="embedded/tiny"} 3');
    expect(after).toContain('ai_loaded_models{model="embedded/tiny"} 1');
  });
});
