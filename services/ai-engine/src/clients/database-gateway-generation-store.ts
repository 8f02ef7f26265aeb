import { openGeneration, settleGeneration } from '@aion/contracts';
import { UnavailableError } from '@aion/errors';
import type { ServiceClient } from '@aion/http';
import { ExponentialBackoff, handleType, retry } from 'cockatiel';
import type { GenerationStore } from '../inference/generation-store.ts';

/** A settlement outlives its request: a database that restarts is waited for. */
const SETTLE_ATTEMPTS = 8;

/** Creates the store on database-gateway. */
export function createGenerationStore(client: ServiceClient): GenerationStore {
  const persist = retry(handleType(UnavailableError), {
    maxAttempts: SETTLE_ATTEMPTS,
    backoff: new ExponentialBackoff({ initialDelay: 100, maxDelay: 5_000 }),
  });
  return {
    open: async (generation, signal) => {
      await client.call(openGeneration, {
        params: { generation_id: generation.id },
        body: {
          tenant_id: generation.tenantId,
          api_key_id: generation.apiKeyId,
          provider: generation.provider,
          model: generation.model,
          stream: generation.stream,
          estimated_prompt_tokens: generation.estimatedPromptTokens,
          request: generation.request,
        },
        signal,
      });
    },
    settle: async (settlement) => {
      await persist.execute(() =>
        client.call(settleGeneration, {
          params: { generation_id: settlement.id },
          timeoutMs: 10_000,
          outlivesRequest: true,
          body: {
            tenant_id: settlement.tenantId,
            status: settlement.status,
            error_type: settlement.errorType,
            prompt_tokens: settlement.promptTokens,
            completion_tokens: settlement.completionTokens,
            usage_source: settlement.usageSource,
            cost_micro_usd: settlement.costMicroUsd,
            duration_ms: settlement.durationMs,
            time_to_first_token_ms: settlement.timeToFirstTokenMs,
            response: settlement.response,
          },
        }),
      );
    },
  };
}
