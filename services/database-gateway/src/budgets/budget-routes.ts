import { internalRoute, type Budget, type Caller, routes, type BodyOf, type QueryOf } from '@aion/contracts';
import { ConflictError, InvalidRequestError, NotFoundError } from '@aion/errors';
import type { BoundRoute } from '@aion/http';
import { v7 as uuidv7 } from 'uuid';
import { recordAuditEvent } from '../audit/record-audit-event.ts';
import { isForeignKeyViolation } from '../database/database-error.ts';
import type { TenantTransaction } from '../database/database.ts';
import { assertNotOnLegalHold, toHoldTargets, type HoldTarget } from '../holds/assert-not-on-legal-hold.ts';
import type { RouteBinder } from '../management/route-binder.ts';
import { assertIfMatch } from '../management/assert-if-match.ts';
import { readPage } from '../management/read-page.ts';

type NewBudget = BodyOf<typeof routes.budgets.create>;
type BudgetFilter = QueryOf<typeof routes.budgets.list>;
type BudgetChange = BodyOf<typeof routes.budgets.update>;

interface BudgetRow extends Omit<Budget, 'created_at' | 'updated_at'> {
  readonly [column: string]: unknown;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly version: number;
}

/** A day is text: the driver would make an instant of it, in the time zone of the process. */
const COLUMNS = `id, tenant_id, project_id, api_key_id, effective_from::text AS effective_from, limit_micro_usd,
  created_at, updated_at, version`;

/** What a budget is of. */
const SUBJECT = `CASE WHEN project_id IS NOT NULL THEN 'project' WHEN api_key_id IS NOT NULL THEN 'api_key'
  ELSE 'tenant' END`;

/** The routes on the budgets of a tenant. */
export function createBudgetRoutes({ forTenant }: RouteBinder): readonly BoundRoute[] {
  return [
    forTenant(internalRoute(routes.budgets.list), (transaction, { query }) => listAll(transaction, query)),
    forTenant(internalRoute(routes.budgets.create), (transaction, { body, caller }) =>
      insertBudget(transaction, body, caller),
    ),
    forTenant(internalRoute(routes.budgets.get), async (transaction, { params }) =>
      versioned(await requireBudget(transaction, params.budget_id)),
    ),
    forTenant(internalRoute(routes.budgets.update), (transaction, { params, body, caller }) =>
      change(transaction, params.budget_id, body, caller),
    ),
    forTenant(internalRoute(routes.budgets.delete), (transaction, { params, caller }) =>
      remove(transaction, params.budget_id, caller),
    ),
  ];
}

function toBudget({ created_at, updated_at, version: _version, ...budget }: BudgetRow): Budget {
  const { id, tenant_id, project_id, api_key_id, effective_from, limit_micro_usd } = budget;
  return {
    ...{ id, tenant_id, project_id, api_key_id, effective_from, limit_micro_usd },
    ...{ created_at: created_at.toISOString(), updated_at: updated_at.toISOString() },
  };
}

function versioned(row: BudgetRow) {
  return { answer: toBudget(row), version: row.version };
}

function listAll(transaction: TenantTransaction, query: BudgetFilter) {
  return readPage({
    list: 'budgets',
    positions: 'uuid',
    query,
    read: async ({ limit, after, comparison, direction }) => {
      const rows = await transaction.query<BudgetRow>({
        operation: 'SELECT',
        table: 'budgets',
        text: `
          SELECT ${COLUMNS} FROM budgets
          WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id ${comparison} $2) AND ($3::uuid IS NULL OR project_id = $3)
            AND ($4::uuid IS NULL OR api_key_id = $4) AND ($5::text IS NULL OR ${SUBJECT} = $5)
          ORDER BY id ${direction} LIMIT $6`,
        values: [
          ...[transaction.tenantId, after, query.project_id ?? null, query.api_key_id ?? null],
          ...[query.subject ?? null, limit],
        ],
      });
      return rows.map(toBudget);
    },
    positionOf: ({ id }) => id,
  });
}

async function insertBudget(transaction: TenantTransaction, budget: NewBudget, caller: Caller) {
  refuseTwoSubjects(budget);
  const subject = [transaction.tenantId, budget.project_id ?? null, budget.api_key_id ?? null, budget.effective_from];
  const [row] = await refuseUnknownSubject(budget, () =>
    transaction.query<BudgetRow>({
      operation: 'INSERT',
      table: 'budgets',
      text: `
        INSERT INTO budgets (id, tenant_id, project_id, api_key_id, effective_from, limit_micro_usd)
        VALUES ($5, $1, $2, $3, $4, $6)
        ON CONFLICT ON CONSTRAINT budgets_one_a_month DO NOTHING RETURNING ${COLUMNS}`,
      values: [...subject, uuidv7(), budget.limit_micro_usd],
    }),
  );
  if (row === undefined) throw await conflictOf(transaction, subject);
  await record(transaction, caller, 'budget.created', row.id);
  return versioned(row);
}

function refuseTwoSubjects({ project_id: projectId, api_key_id: keyId }: NewBudget): void {
  if (typeof projectId !== 'string' || typeof keyId !== 'string') return;
  const detail = 'A budget is of a project or of a key, not of both';
  throw new InvalidRequestError(`${detail}: leave one of them out.`, {
    ...{ param: 'api_key_id', fields: [{ pointer: '/api_key_id', detail }] },
  });
}

/** The keys of projects and of keys are the only ones that a new budget can violate. */
async function refuseUnknownSubject<T>(
  { project_id: projectId, api_key_id: keyId }: NewBudget,
  write: () => Promise<T>,
) {
  try {
    return await write();
  } catch (error) {
    if (!isForeignKeyViolation(error)) throw error;
    const [what, param] = typeof keyId === 'string' ? (['key', 'api_key_id'] as const) : ['project', 'project_id'];
    throw new NotFoundError(`There is no ${what} ${keyId ?? projectId ?? ''}.`, { cause: error, param });
  }
}

async function conflictOf(transaction: TenantTransaction, subject: readonly unknown[]): Promise<ConflictError> {
  const [other] = await transaction.query<{ readonly id: string }>({
    operation: 'SELECT',
    table: 'budgets',
    text: `
      SELECT id FROM budgets
      WHERE tenant_id = $1 AND project_id IS NOT DISTINCT FROM $2::uuid AND api_key_id IS NOT DISTINCT FROM $3::uuid
        AND effective_from = $4`,
    values: subject,
  });
  const which = other === undefined ? 'Another budget' : `The budget ${other.id}`;
  const message = `${which} begins in this month for the same tenant, project or key: change that one.`;
  return new ConflictError(message, { param: 'effective_from' });
}

async function change(transaction: TenantTransaction, id: string, wanted: BudgetChange, caller: Caller) {
  const current = await requireBudget(transaction, id, 'FOR UPDATE');
  assertIfMatch(caller, current);
  const { limit_micro_usd: limitMicroUsd = current.limit_micro_usd } = wanted;
  const [row] = await transaction.query<BudgetRow>({
    operation: 'UPDATE',
    table: 'budgets',
    text: `
      UPDATE budgets SET limit_micro_usd = $3, updated_at = now(), version = version + 1
      WHERE tenant_id = $1 AND id = $2 RETURNING ${COLUMNS}`,
    values: [transaction.tenantId, id, limitMicroUsd],
  });
  if (row === undefined) throw new Error('UPDATE gave no row');
  await record(transaction, caller, 'budget.updated', id);
  return versioned(row);
}

async function remove(transaction: TenantTransaction, id: string, caller: Caller) {
  const current = await requireBudget(transaction, id, 'FOR UPDATE');
  assertIfMatch(caller, current);
  await assertNotOnLegalHold(transaction, `The budget ${id}`, await subjectsOf(transaction, current));
  await transaction.query({
    operation: 'DELETE',
    table: 'budgets',
    text: 'DELETE FROM budgets WHERE tenant_id = $1 AND id = $2',
    values: [transaction.tenantId, id],
  });
  await record(transaction, caller, 'budget.deleted', id);
  return { answer: null };
}

/** What a budget belongs to: its project, or its key with the project and the person of that. */
async function subjectsOf(transaction: TenantTransaction, budget: BudgetRow): Promise<HoldTarget[]> {
  const { project_id: projectId, api_key_id: keyId } = budget;
  if (keyId === null) return toHoldTargets({ project: projectId });
  const [key] = await transaction.query<{ readonly project_id: string | null; readonly user_id: string | null }>({
    operation: 'SELECT',
    table: 'api_keys',
    text: 'SELECT project_id, user_id FROM api_keys WHERE tenant_id = $1 AND id = $2',
    values: [transaction.tenantId, keyId],
  });
  return toHoldTargets({ api_key: keyId, project: key?.project_id ?? null, user: key?.user_id ?? null });
}

async function requireBudget(
  transaction: TenantTransaction,
  id: string,
  lock: '' | 'FOR UPDATE' = '',
): Promise<BudgetRow> {
  const [row] = await transaction.query<BudgetRow>({
    operation: 'SELECT',
    table: 'budgets',
    text: `SELECT ${COLUMNS} FROM budgets WHERE tenant_id = $1 AND id = $2 ${lock}`,
    values: [transaction.tenantId, id],
  });
  if (row === undefined) throw new NotFoundError(`There is no budget ${id}.`);
  return row;
}

function record(transaction: TenantTransaction, { actor }: Caller, action: string, targetId: string): Promise<void> {
  return recordAuditEvent(transaction, { actor, action, targetType: 'budget', targetId });
}
