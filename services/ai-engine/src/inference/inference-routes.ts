import { internalRoutes, STREAM_TERMINATOR } from '@aion/contracts';
import { bindRoute, requireTenantCaller, streamReply, type BoundRoute } from '@aion/http';
import type { ProviderRegistry } from '../providers/provider-registry.ts';
import type { ChatService } from './chat-service.ts';

/** Binds the routes of inference. */
export function createInferenceRoutes(deps: {
  readonly chat: ChatService;
  readonly registry: ProviderRegistry;
}): BoundRoute[] {
  return [
    bindRoute(internalRoutes.inference.runChatCompletion, async ({ body, identity, signal }) => {
      const { tenant_id: tenantId, actor_id: apiKeyId } = requireTenantCaller(identity);
      const answer = await deps.chat.run({ tenantId, apiKeyId, body, signal });
      return streamReply({
        contentType: answer.contentType,
        body: answer.body,
        terminator: STREAM_TERMINATOR,
        headers: {
          'cache-control': 'no-store',
          'x-aion-generation-id': answer.generationId,
          'x-aion-provider': answer.provider,
          'x-aion-model': answer.model,
        },
      });
    }),
    bindRoute(internalRoutes.inference.listModels, async () => {
      const models = await deps.registry.listModels();
      return {
        object: 'list' as const,
        data: models.map(({ id, created, ownedBy }) => ({ id, object: 'model' as const, created, owned_by: ownedBy })),
      };
    }),
    bindRoute(internalRoutes.ping.aiEngine, () => Promise.resolve({ service: 'ai-engine' })),
  ];
}
