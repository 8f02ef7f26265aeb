import { createOpenApiDocument, routes } from '@aion/contracts';
import { bindRoute, type BoundRoute } from '@aion/http';

/** Creates the routes about the API itself. The document is made once: contracts do not change while a process runs. */
export function createMetaRoutes(version: string): readonly BoundRoute[] {
  const document = { ...createOpenApiDocument(version) };
  return [bindRoute(routes.meta.getOpenApi, () => Promise.resolve(document))];
}
