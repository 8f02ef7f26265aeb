export * from './fields.ts';
export { fillPath } from './fill-path.ts';
export * from './internal/exports.ts';
export * from './internal/files.ts';
export * from './internal/generations.ts';
export * from './internal/inference.ts';
export * from './internal/keys.ts';
export * from './internal/operators.ts';
export * from './internal/ping.ts';
export * from './internal/platform-events.ts';
export * from './internal/providers.ts';
export * from './internal/sealing-keys.ts';
export { defineJob, type Job } from './job.ts';
export { INTERNAL_ROUTES, internalRoutes } from './internal-routes.ts';
export * from './jobs/run-export.ts';
export { createOpenApiDocument } from './openapi.ts';
export * from './public/api-keys.ts';
export * from './public/audit-events.ts';
export * from './public/budgets.ts';
export * from './public/chat-completions.ts';
export * from './public/exports.ts';
export * from './public/files.ts';
export * from './public/generations.ts';
export * from './public/legal-holds.ts';
export * from './public/memberships.ts';
export * from './public/meta.ts';
export * from './public/operators.ts';
export * from './public/outbox-rows.ts';
export * from './public/projects.ts';
export * from './public/retention-policies.ts';
export * from './public/providers.ts';
export * from './public/sealing-keys.ts';
export * from './public/tenants.ts';
export * from './public/usage.ts';
export * from './public/users.ts';
export { PUBLIC_ROUTES, routes } from './routes.ts';
export {
  defineRoute,
  descriptionOf,
  isReading,
  takesIdempotencyKey,
  type AnswerOf,
  type BodyInputOf,
  type BodyOf,
  type Deprecation,
  type ParamsOf,
  type QueryOf,
  type Route,
  type RouteAuth,
  type RouteResponse,
  type ServiceName,
  type StreamContentType,
} from './route.ts';
export { ROLE_SCOPES, ROLES, rolesWith, SCOPES, type Role, type Scope } from './scopes.ts';
export { CALLER_HEADER, callerSchema, NIL_ACTOR_ID, serviceCaller, type Caller } from './caller.ts';
export { internalRoute } from './internal-route.ts';
