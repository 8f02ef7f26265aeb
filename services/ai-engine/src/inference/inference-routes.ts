import { API_KEY_HEADER, STREAM_TERMINATOR, TENANT_HEADER, uuid, internalRoutes } from '@aion/contracts';
import { InvalidRequestError } from '@aion/errors';
import { bindRoute, streamReply, type BoundRoute } from '@aion/http';
import type { IncomingHttpHeaders } from 'node:http';
import type { ProviderRegistry } from '../providers/provider-registry.ts';
import type { ChatService } from './chat-service.ts';

/** Binds the routes of inference. */
export function createInferenceRoutes(deps: {
  readonly chat: ChatService;
  readonly registry: ProviderRegistry;
}): BoundRoute[] {
  return [
    bindRoute(internalRoutes.inference.runChatCompletion, async ({ body, headers, signal }) => {
      const tenantId = readId(headers, TENANT_HEADER);
      const apiKeyId = readId(headers, API_KEY_HEADER);
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

function readId(headers: IncomingHttpHeaders, name: string): string {
  const parsed = uuid.safeParse(headers[name]);
  if (!parsed.success) throw new InvalidRequestError(`The header ${name} must be a UUID.`, { param: name });
  return parsed.data;
}
