import { createOpenApiDocument, routes } from '@aion/contracts';
import { bindRoute, type BoundRoute } from '@aion/http';

/** Creates the routes that describe the API. The document is created once: contracts do not change while a process runs. */
export function createMetaRoutes(version: string): readonly BoundRoute[] {
  const document = { ...createOpenApiDocument(version) };
  return [bindRoute(routes.meta.getOpenApi, () => Promise.resolve(document))];
}
