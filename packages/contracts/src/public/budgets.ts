import { z } from 'zod';
import { listOrder, pageOf, pageQuery, timestamp, uuid } from '../fields.ts';
import { defineRoute } from '../route.ts';

const firstOfMonth = z
  .string()
  .regex(/^20[0-9]{2}-(0[1-9]|1[0-2])-01$/, 'must be the first day of a month, such as 2026-12-01')
  .meta({ description: 'The first day of the month from which it applies, in UTC.', example: '2026-12-01' });

const limit = z.number().int().min(0).nullable().meta({
  description: 'Limit of a month in millionths of a US dollar; null for no limit.',
  example: 25_000_000,
});

const subject = {
  project_id: uuid.nullable().meta({ description: 'The project that the budget limits.' }),
  api_key_id: uuid.nullable().meta({ description: 'The key that the budget limits.' }),
};

/** Monthly spending limit of a tenant, a project or a key, from a given month on. */
export const budget = z
  .object({
    id: uuid,
    tenant_id: uuid,
    ...subject,
    effective_from: firstOfMonth,
    limit_micro_usd: limit,
    created_at: timestamp,
    updated_at: timestamp,
  })
  .meta({ id: 'Budget' });

/** A budget. */
export type Budget = z.output<typeof budget>;

const budgetParams = z.object({ budget_id: uuid });

/** Readers of the reference would otherwise expect that budgets are enforced. */
const NOT_ENFORCED = 'Budgets are stored and reported; this version does not reject requests that exceed one.';

/** Routes of budgets. */
export const budgetRoutes = {
  /** `GET /api/v1/budgets`. */
  list: defineRoute({
    name: 'listBudgets',
    service: 'web-api',
    method: 'GET',
    path: '/api/v1/budgets',
    summary: 'List the budgets',
    description: `The tenant's budgets, newest first by default. ${NOT_ENFORCED}`,
    auth: { kind: 'tenant', scope: 'budgets:read' },
    query: pageQuery.extend({
      project_id: uuid.optional().meta({ description: 'Only budgets of this project.' }),
      api_key_id: uuid.optional().meta({ description: 'Only budgets of this key.' }),
      subject: z
        .enum(['tenant', 'project', 'api_key'])
        .optional()
        .meta({ description: 'Only budgets of the entire tenant, of projects, or of keys.' }),
      order: listOrder,
    }),
    response: { status: 200, description: 'A page of budgets.', json: pageOf(budget) },
    errors: ['UNAVAILABLE'],
    idempotent: true,
  }),
  /** `POST /api/v1/budgets`. */
  create: defineRoute({
    name: 'createBudget',
    service: 'web-api',
    method: 'POST',
    path: '/api/v1/budgets',
    summary: 'Create a budget',
    description:
      'Sets the monthly limit of a project, a key, or without either the entire tenant. It applies from a month on, ' +
      `until the next budget of the same owner begins; each has one per month. ${NOT_ENFORCED}`,
    auth: { kind: 'tenant', scope: 'budgets:write' },
    body: z.strictObject({
      project_id: subject.project_id.optional(),
      api_key_id: subject.api_key_id.optional().meta({
        description: 'The key that the budget limits; together with a project it is rejected with 400.',
      }),
      effective_from: firstOfMonth,
      limit_micro_usd: limit,
    }),
    response: { status: 201, description: 'The budget.', json: budget, etag: true },
    errors: ['NOT_FOUND', 'CONFLICT', 'UNAVAILABLE'],
    idempotent: false,
  }),
  /** `GET /api/v1/budgets/{budget_id}`. */
  get: defineRoute({
    name: 'getBudget',
    service: 'web-api',
    method: 'GET',
    path: '/api/v1/budgets/{budget_id}',
    summary: 'Get a budget',
    description: `The tenant's budget. ${NOT_ENFORCED}`,
    auth: { kind: 'tenant', scope: 'budgets:read' },
    params: budgetParams,
    response: { status: 200, description: 'The budget.', json: budget, etag: true },
    errors: ['NOT_FOUND', 'UNAVAILABLE'],
    idempotent: true,
  }),
  /** `PATCH /api/v1/budgets/{budget_id}`. */
  update: defineRoute({
    name: 'updateBudget',
    service: 'web-api',
    method: 'PATCH',
    path: '/api/v1/budgets/{budget_id}',
    summary: 'Change a budget',
    description: `Changes the limit. Its owner and first month cannot be changed: create another budget. ${NOT_ENFORCED}`,
    auth: { kind: 'tenant', scope: 'budgets:write' },
    params: budgetParams,
    body: z.strictObject({ limit_micro_usd: limit }).partial(),
    response: { status: 200, description: 'The changed budget.', json: budget, etag: true },
    conditional: true,
    errors: ['NOT_FOUND', 'UNAVAILABLE'],
    idempotent: true,
  }),
  /** `DELETE /api/v1/budgets/{budget_id}`. */
  delete: defineRoute({
    name: 'deleteBudget',
    service: 'web-api',
    method: 'DELETE',
    path: '/api/v1/budgets/{budget_id}',
    summary: 'Delete a budget',
    description:
      'Deletes a budget; an earlier one applies again, if there is one. A legal hold on its project, its key, the project or ' +
      `the owner of the key, or the tenant rejects it. ${NOT_ENFORCED}`,
    auth: { kind: 'tenant', scope: 'budgets:write' },
    params: budgetParams,
    response: { status: 204, description: 'Deleted.' },
    conditional: true,
    errors: ['NOT_FOUND', 'CONFLICT', 'UNAVAILABLE'],
    idempotent: true,
  }),
};
