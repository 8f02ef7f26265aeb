import type { DataMap, TableOwner } from './table-entry.ts';
import { ACCOUNT_TABLES } from './tables/account-tables.ts';
import { ACCOUNTING_TABLES } from './tables/accounting-tables.ts';
import { AUDIT_TABLES } from './tables/audit-tables.ts';
import { DELIVERY_TABLES } from './tables/delivery-tables.ts';
import { LIFECYCLE_TABLES } from './tables/lifecycle-tables.ts';
import { PLATFORM_TABLES } from './tables/platform-tables.ts';

/**
 * Declaration of every table and column, each table after those that it refers to. A table or column that is missing here
 * fails the tests, and at run time rejects every export: no data of a tenant is exported or omitted without a decision.
 */
export const DATA_MAP = {
  ...ACCOUNT_TABLES,
  ...ACCOUNTING_TABLES,
  ...AUDIT_TABLES,
  ...DELIVERY_TABLES,
  ...LIFECYCLE_TABLES,
  ...PLATFORM_TABLES,
} as const satisfies DataMap;

/** Names of the tables. */
export type TableName = keyof typeof DATA_MAP;

/** Names of the tables of an owner. */
export type TableNameOf<O extends TableOwner> = {
  [T in TableName]: (typeof DATA_MAP)[T]['owner'] extends O ? T : never;
}[TableName];
