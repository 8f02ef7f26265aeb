import { z } from 'zod';
import { defineRoute } from '../route.ts';

/** Routes of the API itself. */
export const metaRoutes = {
  /** `GET /openapi.json`. */
  getOpenApi: defineRoute({
    name: 'getOpenApi',
    service: 'web-api',
    method: 'GET',
    path: '/openapi.json',
    summary: 'Get this document',
    description: 'The OpenAPI 3.1 description of the public API.',
    auth: { kind: 'none' },
    response: { status: 200, description: 'The document.', json: z.looseObject({ openapi: z.string() }) },
    errors: [],
    idempotent: true,
  }),
};
