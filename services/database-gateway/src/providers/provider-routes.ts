import { internalRoute, type Caller, routes, internalRoutes, type BodyOf, type QueryOf } from '@aion/contracts';
import { ConflictError, InvalidRequestError, NotFoundError } from '@aion/errors';
import type { BoundRoute } from '@aion/http';
import { recordAuditEvent } from '../audit/record-audit-event.ts';
import { isUniqueViolation } from '../database/database-error.ts';
import { isOfTenant, type SharedTransaction, type UnscopedQuery } from '../database/database.ts';
import { assertNotOnLegalHold } from '../holds/assert-not-on-legal-hold.ts';
import type { RouteBinder } from '../management/route-binder.ts';
import { assertIfMatch } from '../management/assert-if-match.ts';
import { ownerPredicate } from '../management/owner-predicate.ts';
import { readPage } from '../management/read-page.ts';
import { PROVIDER_COLUMNS, toProvider, type ProviderRow } from './provider-row.ts';

type NewProvider = BodyOf<typeof internalRoutes.providers.store>;
type ProviderChange = BodyOf<typeof internalRoutes.providers.storeChange>;
type ProviderFilter = QueryOf<typeof routes.providers.list>;

/** The routes on the providers of a tenant, or of the platform. */
export function createProviderRoutes({ forTenantOrPlatform }: RouteBinder): readonly BoundRoute[] {
  return [
    forTenantOrPlatform(internalRoute(routes.providers.list), (transaction, { query }) => listAll(transaction, query)),
    forTenantOrPlatform(internalRoutes.providers.store, (transaction, { body, caller }) =>
      insertProvider(transaction, body, caller),
    ),
    forTenantOrPlatform(internalRoute(routes.providers.get), async (transaction, { params }) =>
      versioned(await requireProvider(transaction, params.provider_id)),
    ),
    forTenantOrPlatform(internalRoutes.providers.storeChange, (transaction, { params, body, caller }) =>
      changeProvider(transaction, params.provider_id, body, caller),
    ),
    forTenantOrPlatform(internalRoute(routes.providers.delete), (transaction, { params, caller }) =>
      removeProvider(transaction, params.provider_id, caller),
    ),
  ];
}

/** Rows of the tenant, or of the platform where there is none. */
const OWN = 'tenant_id IS NOT DISTINCT FROM $1';

function versioned(row: ProviderRow) {
  return { answer: toProvider(row), version: row.version };
}

function listAll(transaction: SharedTransaction, query: ProviderFilter) {
  return readPage({
    list: 'providers',
    positions: 'uuid',
    query,
    read: async ({ limit, after, comparison, direction }) => {
      const rows = await transaction.query<ProviderRow>({
        operation: 'SELECT',
        table: 'provider_configs',
        text: `
          SELECT ${PROVIDER_COLUMNS} FROM provider_configs
          WHERE ${ownerPredicate(transaction)} AND ($2::uuid IS NULL OR id ${comparison} $2) AND ($3::text IS NULL OR kind = $3)
            AND ($4::boolean IS NULL OR enabled = $4)
          ORDER BY id ${direction} LIMIT $5`,
        values: [transaction.tenantId, after, query.kind ?? null, query.enabled ?? null, limit],
      });
      return rows.map(toProvider);
    },
    positionOf: ({ id }) => id,
  });
}

async function insertProvider(transaction: SharedTransaction, provider: NewProvider, caller: Caller) {
  const { id, name, kind, enabled, base_url: baseUrl = null, sealed_credentials: credentials } = provider;
  assertFitsKind(kind, { base_url: baseUrl, credentials });
  const row = await writeNamed(transaction, name, {
    operation: 'INSERT',
    table: 'provider_configs',
    text: `
      INSERT INTO provider_configs (tenant_id, id, name, kind, base_url, enabled, credentials, key_id)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING ${PROVIDER_COLUMNS}`,
    values: [transaction.tenantId, id, name, kind, baseUrl, enabled, ...toColumns(credentials)],
  });
  await recordAuditEvent(transaction, { actor: caller.actor, ...eventOf('provider_config.created', id) });
  return versioned(row);
}

async function changeProvider(transaction: SharedTransaction, id: string, change: ProviderChange, caller: Caller) {
  const current = await requireProvider(transaction, id, 'FOR UPDATE');
  assertIfMatch(caller, current);
  const { name = current.name, base_url: baseUrl = current.base_url, enabled = current.enabled } = change;
  const { sealed_credentials: credentials } = change;
  refuseElsewhere(current, change);
  assertFitsKind(current.kind, { base_url: baseUrl, credentials: credentials ?? null });
  const row = await writeNamed(transaction, name, {
    operation: 'UPDATE',
    table: 'provider_configs',
    // Credentials that are not named stay, under whichever key they are sealed.
    text: `
      UPDATE provider_configs SET name = $3, base_url = $4, enabled = $5,
        credentials = CASE WHEN $6::boolean THEN $7::bytea ELSE credentials END,
        key_id = CASE WHEN $6 THEN $8 ELSE key_id END, updated_at = now(), version = version + 1
      WHERE ${OWN} AND id = $2 RETURNING ${PROVIDER_COLUMNS}`,
    values: [
      ...[transaction.tenantId, id, name, baseUrl, enabled, credentials !== undefined],
      ...toColumns(credentials ?? null),
    ],
  });
  await recordAuditEvent(transaction, { actor: caller.actor, ...eventOf('provider_config.updated', id) });
  return versioned(row);
}

async function removeProvider(transaction: SharedTransaction, id: string, caller: Caller) {
  assertIfMatch(caller, await requireProvider(transaction, id, 'FOR UPDATE'));
  // What is the platform's is held by nobody.
  if (isOfTenant(transaction)) await assertNotOnLegalHold(transaction, `The provider ${id}`, []);
  await transaction.query({
    operation: 'DELETE',
    table: 'provider_configs',
    text: `DELETE FROM provider_configs WHERE ${OWN} AND id = $2`,
    values: [transaction.tenantId, id],
  });
  await recordAuditEvent(transaction, { actor: caller.actor, ...eventOf('provider_config.deleted', id) });
  return { answer: null };
}

async function requireProvider(
  transaction: SharedTransaction,
  id: string,
  lock: '' | 'FOR UPDATE' = '',
): Promise<ProviderRow> {
  const [row] = await transaction.query<ProviderRow>({
    operation: 'SELECT',
    table: 'provider_configs',
    text: `SELECT ${PROVIDER_COLUMNS} FROM provider_configs WHERE ${OWN} AND id = $2 ${lock}`,
    values: [transaction.tenantId, id],
  });
  if (row === undefined) throw new NotFoundError(`There is no provider ${id}.`);
  return row;
}

/** Runs a statement that writes the row of a provider. @throws ConflictError when another one has the name */
async function writeNamed(transaction: SharedTransaction, name: string, query: UnscopedQuery): Promise<ProviderRow> {
  try {
    const [row] = await transaction.query<ProviderRow>(query);
    if (row === undefined) throw new Error(`${query.operation} gave no row`);
    return row;
  } catch (error) {
    if (!isUniqueViolation(error, 'provider_configs_name_unique')) throw error;
    const message = `There is a provider with the name ${name} already: choose another one.`;
    throw new ConflictError(message, { cause: error, param: 'name' });
  }
}

/**
 * What is sealed for one host is sent to no other: who may write providers, but reads no credentials, could have them sent
 * to a host of their own. @throws InvalidRequestError
 */
function refuseElsewhere(current: ProviderRow, { base_url: baseUrl, sealed_credentials: credentials }: ProviderChange) {
  const isElsewhere = baseUrl !== undefined && baseUrl !== current.base_url;
  if (!isElsewhere || credentials !== undefined || !current.has_credentials) return;
  const detail = 'Credentials go to no other base_url than that which they were given for';
  throw new InvalidRequestError(`${detail}: send them again with it, or null to have none.`, {
    ...{ param: 'credentials', fields: [{ pointer: '/credentials', detail }] },
  });
}

/** What runs inside of AION is called nowhere, and with nothing. @throws InvalidRequestError that names each such field */
function assertFitsKind(kind: string, given: { readonly base_url: unknown; readonly credentials: unknown }): void {
  if (kind !== 'embedded') return;
  const wrong = (['base_url', 'credentials'] as const).filter((field) => given[field] !== null);
  const [first] = wrong;
  if (first === undefined) return;
  throw new InvalidRequestError(
    `A provider of kind embedded runs inside of AION: it has no ${wrong.join(' and no ')}.`,
    {
      param: first,
      fields: wrong.map((field) => ({ pointer: `/${field}`, detail: 'is not for a provider of kind embedded' })),
    },
  );
}

function toColumns(sealed: NewProvider['sealed_credentials']): readonly [Buffer | null, string | null] {
  return sealed === null ? [null, null] : [Buffer.from(sealed.bytes, 'base64url'), sealed.key_id];
}

function eventOf(action: string, targetId: string) {
  return { action, targetType: 'provider_config', targetId } as const;
}
