import { internalRoute, type BodyOf, type Budget, type Caller, routes } from '@aion/contracts';
import { ConflictError, InvalidRequestError } from '@aion/errors';
import type { BoundRoute } from '@aion/http';
import { recordAuditEvent } from '../audit/record-audit-event.ts';
import type { TenantTransaction } from '../database/database.ts';
import { assertNotOnLegalHold, toHoldTargets, type HoldTarget } from '../holds/assert-not-on-legal-hold.ts';
import { assertIfMatch } from '../management/assert-if-match.ts';
import { listById } from '../management/list-by-id.ts';
import type { RouteBinder } from '../management/route-binder.ts';
import { toVersioned } from '../management/to-versioned.ts';
import {
  deleteBudget,
  findBudgetId,
  findKeyOwners,
  insertBudget,
  requireBudget,
  selectBudgets,
  updateLimit,
  type BudgetRow,
} from './budget-store.ts';

type NewBudget = BodyOf<typeof routes.budgets.create>;

/** Creates the routes of the budgets of a tenant. */
export function createBudgetRoutes({ forTenant }: RouteBinder): readonly BoundRoute[] {
  return [
    forTenant(internalRoute(routes.budgets.list), (transaction, { query }) =>
      listById({ list: 'budgets', query, read: (page) => selectBudgets(transaction, page, query), toItem: toBudget }),
    ),
    forTenant(internalRoute(routes.budgets.create), (transaction, { body, caller }) =>
      createBudget(transaction, body, caller),
    ),
    forTenant(internalRoute(routes.budgets.get), async (transaction, { params }) =>
      toVersioned(await requireBudget(transaction, params.budget_id), toBudget),
    ),
    forTenant(internalRoute(routes.budgets.update), (transaction, { params, body, caller }) =>
      changeBudget(transaction, params.budget_id, body, caller),
    ),
    forTenant(internalRoute(routes.budgets.delete), (transaction, { params, caller }) =>
      removeBudget(transaction, params.budget_id, caller),
    ),
  ];
}

async function createBudget(transaction: TenantTransaction, budget: NewBudget, caller: Caller) {
  assertOneSubject(budget);
  const row = await insertBudget(transaction, budget);
  if (row === undefined) throw await toConflict(transaction, budget);
  await recordEvent(transaction, caller, 'budget.created', row.id);
  return toVersioned(row, toBudget);
}

async function changeBudget(
  transaction: TenantTransaction,
  id: string,
  change: BodyOf<typeof routes.budgets.update>,
  caller: Caller,
) {
  const current = await requireBudget(transaction, id, 'FOR UPDATE');
  assertIfMatch(caller, current);
  const { limit_micro_usd: limitMicroUsd = current.limit_micro_usd } = change; // null: no limit
  const row = await updateLimit(transaction, id, limitMicroUsd);
  await recordEvent(transaction, caller, 'budget.updated', id);
  return toVersioned(row, toBudget);
}

async function removeBudget(transaction: TenantTransaction, id: string, caller: Caller) {
  const current = await requireBudget(transaction, id, 'FOR UPDATE');
  assertIfMatch(caller, current);
  await assertNotOnLegalHold(transaction, `The budget ${id}`, await findHoldTargets(transaction, current));
  await deleteBudget(transaction, id);
  await recordEvent(transaction, caller, 'budget.deleted', id);
  return { answer: null };
}

function assertOneSubject({ project_id: projectId, api_key_id: keyId }: NewBudget): void {
  if (typeof projectId !== 'string' || typeof keyId !== 'string') return;
  const detail = 'A budget belongs to a project or to a key, not to both';
  throw new InvalidRequestError(`${detail}: leave one of them out.`, {
    param: 'api_key_id',
    fields: [{ pointer: '/api_key_id', detail }],
  });
}

async function toConflict(transaction: TenantTransaction, budget: NewBudget): Promise<ConflictError> {
  const otherId = await findBudgetId(transaction, budget);
  const other = otherId === undefined ? 'Another budget' : `The budget ${otherId}`;
  const message = `${other} begins in this month for the same tenant, project or key: change that one.`;
  return new ConflictError(message, { param: 'effective_from' });
}

/** Returns the resources that a budget belongs to: its project, or its key with the key's project and person. */
async function findHoldTargets(transaction: TenantTransaction, budget: BudgetRow): Promise<HoldTarget[]> {
  const { project_id: projectId, api_key_id: keyId } = budget;
  if (keyId === null) return toHoldTargets({ project: projectId });
  return toHoldTargets({ api_key: keyId, ...(await findKeyOwners(transaction, keyId)) });
}

function recordEvent(
  transaction: TenantTransaction,
  { actor }: Caller,
  action: string,
  targetId: string,
): Promise<void> {
  return recordAuditEvent(transaction, { actor, action, targetType: 'budget', targetId });
}

function toBudget(row: BudgetRow): Budget {
  return {
    id: row.id,
    tenant_id: row.tenant_id,
    project_id: row.project_id,
    api_key_id: row.api_key_id,
    effective_from: row.effective_from,
    limit_micro_usd: row.limit_micro_usd,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}
