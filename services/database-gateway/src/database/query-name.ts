import type { TableName, TableNameOf } from '../data-map/data-map.ts';
import { planExport } from '../data-map/export-plan.ts';

/** Every operation with the tables that it is done on, but for those of an export, which counts and copies what it takes. */
const QUERIES = {
  SELECT: [
    'api_keys',
    'audit_events',
    'audit_checkpoints',
    'export_jobs',
    'export_files',
    'generations',
    'pg_catalog',
    'tenants',
    'users',
    'memberships',
    'projects',
    'platform_operators',
    'provider_configs',
    'budgets',
    'usage_daily',
    'generation_contents',
    'files',
    'retention_policies',
    'legal_holds',
    'idempotency_keys',
    'erasure_requests',
  ],
  INSERT: [
    'tenants',
    'api_keys',
    'generations',
    'audit_events',
    'audit_checkpoints',
    'export_jobs',
    'export_files',
    'outbox',
    'users',
    'memberships',
    'projects',
    'platform_operators',
    'platform_switches',
    'provider_configs',
    'budgets',
    'files',
    'retention_policies',
    'legal_holds',
    'idempotency_keys',
    'stray_objects',
  ],
  UPDATE: [
    'api_keys',
    'export_jobs',
    'generations',
    'tenants',
    'users',
    'memberships',
    'projects',
    'platform_operators',
    'platform_switches',
    'provider_configs',
    'budgets',
    'legal_holds',
    'idempotency_keys',
    'stray_objects',
  ],
  DELETE: ['memberships', 'provider_configs', 'budgets', 'files', 'idempotency_keys', 'stray_objects'],
  CALL: [
    'api_keys',
    'audit_events',
    'export_jobs',
    'generations',
    'memberships',
    'outbox',
    'pg_catalog',
    'tenants',
    'provider_configs',
    'idempotency_keys',
    'stray_objects',
    'usage_daily',
  ],
} as const satisfies Readonly<Record<string, readonly (TableName | 'pg_catalog')[]>>;

type Operation = keyof typeof QUERIES;
type NameOn<T extends string> = {
  [O in Operation]: { readonly operation: O; readonly table: Extract<(typeof QUERIES)[O][number], T> };
}[Operation];

/**
 * What telemetry calls a query: its operation (`CALL` is for the functions that serve all tenants) and the table that it
 * is about (`pg_catalog` for the catalogue and probes). A closed set, so that every series is there from the start.
 */
export type QueryName = NameOn<string> | { readonly operation: 'SELECT' | 'COPY'; readonly table: TableName };

/**
 * What may be run where no tenant is set: functions that serve all tenants, the catalogue, tables that hold rows of the
 * platform. A table whose rows are all of tenants is none of them.
 */
export type UnscopedQueryName =
  | NameOn<TableNameOf<'platform' | 'shared'> | 'pg_catalog'>
  | { readonly operation: 'CALL'; readonly table: (typeof QUERIES)['CALL'][number] };

/** All names that queries have, each once. */
export function listQueryNames(): readonly { readonly operation: string; readonly table: string }[] {
  const exported = planExport().tables.map(({ name }) => name);
  const names = { ...QUERIES, SELECT: new Set([...QUERIES.SELECT, ...exported]), COPY: exported };
  return Object.entries(names).flatMap(([operation, tables]) => [...tables].map((table) => ({ operation, table })));
}
