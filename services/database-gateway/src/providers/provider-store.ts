import type { BodyOf, Provider, QueryOf, internalRoutes, routes } from '@aion/contracts';
import type { SharedTransaction } from '../database/database.ts';
import { mapUniqueViolation, type UniqueViolation } from '../database/map-unique-violation.ts';
import { oneRow } from '../database/one-row.ts';
import { requireRow } from '../database/require-row.ts';
import { ownerPredicate } from '../management/owner-predicate.ts';
import type { PageWindow } from '../management/read-page.ts';

/** A row of `provider_configs`, without the encrypted credentials. */
export interface ProviderRow extends Omit<Provider, 'created_at' | 'updated_at'> {
  readonly [column: string]: unknown;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly version: number;
}

type NewProvider = BodyOf<typeof internalRoutes.providers.store>;
type ProviderFilter = Pick<QueryOf<typeof routes.providers.list>, 'kind' | 'enabled'>;

/** Columns of a `ProviderRow`: only the rotation of encryption keys reads the encrypted credentials. */
const COLUMNS = `id, tenant_id, name, kind, base_url, credentials IS NOT NULL AS has_credentials, enabled,
  created_at, updated_at, version`;

/** Predicate for rows of the tenant, or of the platform in a transaction of no tenant. */
const IS_OWN = 'tenant_id IS NOT DISTINCT FROM $1';

/** Reads a page of the providers of a tenant, or of the platform. */
export function selectProviders(
  transaction: SharedTransaction,
  { limit, after, comparison, direction }: PageWindow,
  { kind, enabled }: ProviderFilter,
): Promise<ProviderRow[]> {
  return transaction.query<ProviderRow>({
    table: 'provider_configs',
    text: `
      SELECT ${COLUMNS} FROM provider_configs
      WHERE ${ownerPredicate(transaction)} AND ($2::uuid IS NULL OR id ${comparison} $2)
        AND ($3::text IS NULL OR kind = $3) AND ($4::boolean IS NULL OR enabled = $4)
      ORDER BY id ${direction} LIMIT $5`,
    values: [transaction.tenantId, after, kind ?? null, enabled ?? null, limit],
  });
}

/** Reads a provider, and locks it when it is about to change. @throws NotFoundError */
export async function requireProvider(
  transaction: SharedTransaction,
  id: string,
  lock: '' | 'FOR UPDATE' = '',
): Promise<ProviderRow> {
  const rows = await transaction.query<ProviderRow>({
    table: 'provider_configs',
    text: `SELECT ${COLUMNS} FROM provider_configs WHERE ${IS_OWN} AND id = $2 ${lock}`,
    values: [transaction.tenantId, id],
  });
  return requireRow(rows, `There is no provider ${id}.`);
}

/** Inserts a provider. @throws ConflictError when another one has the name */
export async function insertProvider(transaction: SharedTransaction, provider: NewProvider): Promise<ProviderRow> {
  const { id, name, kind, enabled, base_url: baseUrl = null, sealed_credentials: credentials } = provider;
  const rows = await mapUniqueViolation(nameTaken(name), () =>
    transaction.query<ProviderRow>({
      table: 'provider_configs',
      text: `
        INSERT INTO provider_configs (tenant_id, id, name, kind, base_url, enabled, credentials, key_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING ${COLUMNS}`,
      values: [transaction.tenantId, id, name, kind, baseUrl, enabled, ...toColumns(credentials)],
    }),
  );
  return oneRow(rows);
}

/** Updates a provider; its credentials stay unchanged when `credentials` is undefined. @throws ConflictError like `insertProvider` */
export async function updateProvider(
  transaction: SharedTransaction,
  id: string,
  values: {
    readonly name: string;
    readonly baseUrl: string | null;
    readonly enabled: boolean;
    readonly credentials: NewProvider['sealed_credentials'] | undefined;
  },
): Promise<ProviderRow> {
  const { name, baseUrl, enabled, credentials } = values;
  const replacesCredentials = credentials !== undefined;
  const rows = await mapUniqueViolation(nameTaken(name), () =>
    transaction.query<ProviderRow>({
      table: 'provider_configs',
      text: `
        UPDATE provider_configs SET name = $3, base_url = $4, enabled = $5,
          credentials = CASE WHEN $6::boolean THEN $7::bytea ELSE credentials END,
          key_id = CASE WHEN $6 THEN $8 ELSE key_id END, updated_at = now(), version = version + 1
        WHERE ${IS_OWN} AND id = $2 RETURNING ${COLUMNS}`,
      values: [
        transaction.tenantId,
        id,
        name,
        baseUrl,
        enabled,
        replacesCredentials,
        ...toColumns(credentials ?? null),
      ],
    }),
  );
  return oneRow(rows);
}

/** Deletes a provider. */
export async function deleteProvider(transaction: SharedTransaction, id: string): Promise<void> {
  await transaction.query({
    table: 'provider_configs',
    text: `DELETE FROM provider_configs WHERE ${IS_OWN} AND id = $2`,
    values: [transaction.tenantId, id],
  });
}

function toColumns(sealed: NewProvider['sealed_credentials']): readonly [Buffer | null, string | null] {
  return sealed === null ? [null, null] : [Buffer.from(sealed.bytes, 'base64url'), sealed.key_id];
}

function nameTaken(name: string): UniqueViolation {
  return {
    constraint: 'provider_configs_name_unique',
    message: `There is a provider with the name ${name} already: choose another one.`,
    param: 'name',
  };
}
