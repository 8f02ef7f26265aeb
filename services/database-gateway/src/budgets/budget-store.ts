import type { BodyOf, Budget, QueryOf, routes } from '@aion/contracts';
import { NotFoundError } from '@aion/errors';
import { v7 as uuidv7 } from 'uuid';
import { isForeignKeyViolation } from '../database/database-error.ts';
import type { TenantTransaction } from '../database/database.ts';
import { oneRow } from '../database/one-row.ts';
import { requireRow } from '../database/require-row.ts';
import type { PageWindow } from '../management/read-page.ts';

/** A row of `budgets`. */
export interface BudgetRow extends Omit<Budget, 'created_at' | 'updated_at'> {
  readonly [column: string]: unknown;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly version: number;
}

type NewBudget = BodyOf<typeof routes.budgets.create>;
type BudgetFilter = Pick<QueryOf<typeof routes.budgets.list>, 'project_id' | 'api_key_id' | 'subject'>;

/** The day is cast to text: the driver would convert it to an instant in the time zone of the process. */
const COLUMNS = `id, tenant_id, project_id, api_key_id, effective_from::text AS effective_from, limit_micro_usd,
  created_at, updated_at, version`;

const SUBJECT = `CASE WHEN project_id IS NOT NULL THEN 'project' WHEN api_key_id IS NOT NULL THEN 'api_key'
  ELSE 'tenant' END`;

/** Reads a page of the budgets of a tenant. */
export function selectBudgets(
  transaction: TenantTransaction,
  { limit, after, comparison, direction }: PageWindow,
  filter: BudgetFilter,
): Promise<BudgetRow[]> {
  return transaction.query<BudgetRow>({
    table: 'budgets',
    text: `
      SELECT ${COLUMNS} FROM budgets
      WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id ${comparison} $2) AND ($3::uuid IS NULL OR project_id = $3)
        AND ($4::uuid IS NULL OR api_key_id = $4) AND ($5::text IS NULL OR ${SUBJECT} = $5)
      ORDER BY id ${direction} LIMIT $6`,
    values: [
      transaction.tenantId,
      after,
      filter.project_id ?? null,
      filter.api_key_id ?? null,
      filter.subject ?? null,
      limit,
    ],
  });
}

/** Reads a budget, and locks it when it is about to change. @throws NotFoundError */
export async function requireBudget(
  transaction: TenantTransaction,
  id: string,
  lock: '' | 'FOR UPDATE' = '',
): Promise<BudgetRow> {
  const rows = await transaction.query<BudgetRow>({
    table: 'budgets',
    text: `SELECT ${COLUMNS} FROM budgets WHERE tenant_id = $1 AND id = $2 ${lock}`,
    values: [transaction.tenantId, id],
  });
  return requireRow(rows, `There is no budget ${id}.`);
}

/**
 * Inserts a budget, unless another one of the same subject begins in the same month: then it returns undefined.
 * @throws NotFoundError when the tenant does not have the project or the key
 */
export async function insertBudget(transaction: TenantTransaction, budget: NewBudget): Promise<BudgetRow | undefined> {
  const { project_id: projectId = null, api_key_id: keyId = null, effective_from, limit_micro_usd } = budget;
  const [row] = await mapForeignKeyViolation(budget, () =>
    transaction.query<BudgetRow>({
      table: 'budgets',
      text: `
        INSERT INTO budgets (id, tenant_id, project_id, api_key_id, effective_from, limit_micro_usd)
        VALUES ($5, $1, $2, $3, $4, $6)
        ON CONFLICT ON CONSTRAINT budgets_one_a_month DO NOTHING RETURNING ${COLUMNS}`,
      values: [transaction.tenantId, projectId, keyId, effective_from, uuidv7(), limit_micro_usd],
    }),
  );
  return row;
}

/** Returns the id of the budget of the same subject that begins in the same month. */
export async function findBudgetId(transaction: TenantTransaction, budget: NewBudget): Promise<string | undefined> {
  const [row] = await transaction.query<{ readonly id: string }>({
    table: 'budgets',
    text: `
      SELECT id FROM budgets
      WHERE tenant_id = $1 AND project_id IS NOT DISTINCT FROM $2::uuid AND api_key_id IS NOT DISTINCT FROM $3::uuid
        AND effective_from = $4`,
    values: [transaction.tenantId, budget.project_id ?? null, budget.api_key_id ?? null, budget.effective_from],
  });
  return row?.id;
}

/** Updates the limit of a budget. */
export async function updateLimit(
  transaction: TenantTransaction,
  id: string,
  limitMicroUsd: number | null,
): Promise<BudgetRow> {
  const rows = await transaction.query<BudgetRow>({
    table: 'budgets',
    text: `
      UPDATE budgets SET limit_micro_usd = $3, updated_at = now(), version = version + 1
      WHERE tenant_id = $1 AND id = $2 RETURNING ${COLUMNS}`,
    values: [transaction.tenantId, id, limitMicroUsd],
  });
  return oneRow(rows);
}

/** Deletes a budget. */
export async function deleteBudget(transaction: TenantTransaction, id: string): Promise<void> {
  await transaction.query({
    table: 'budgets',
    text: 'DELETE FROM budgets WHERE tenant_id = $1 AND id = $2',
    values: [transaction.tenantId, id],
  });
}

/** Returns the project and the person of a key, null where it has none. */
export async function findKeyOwners(
  transaction: TenantTransaction,
  keyId: string,
): Promise<{ readonly project: string | null; readonly user: string | null }> {
  const [key] = await transaction.query<{ readonly project_id: string | null; readonly user_id: string | null }>({
    table: 'api_keys',
    text: 'SELECT project_id, user_id FROM api_keys WHERE tenant_id = $1 AND id = $2',
    values: [transaction.tenantId, keyId],
  });
  return { project: key?.project_id ?? null, user: key?.user_id ?? null };
}

/** Maps the violation of a foreign key: those of project and key are the only ones that a new budget can violate. */
async function mapForeignKeyViolation<T>(
  { project_id: projectId, api_key_id: keyId }: NewBudget,
  write: () => Promise<T>,
): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!isForeignKeyViolation(error)) throw error;
    const isKey = typeof keyId === 'string';
    throw new NotFoundError(`There is no ${isKey ? 'key' : 'project'} ${keyId ?? projectId ?? ''}.`, {
      cause: error,
      param: isKey ? 'api_key_id' : 'project_id',
    });
  }
}
