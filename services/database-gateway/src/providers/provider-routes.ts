import { internalRoute, internalRoutes, type BodyOf, type Caller, type Provider, routes } from '@aion/contracts';
import { InvalidRequestError } from '@aion/errors';
import type { BoundRoute } from '@aion/http';
import { recordAuditEvent } from '../audit/record-audit-event.ts';
import { isOfTenant, type SharedTransaction } from '../database/database.ts';
import { assertNotOnLegalHold } from '../holds/assert-not-on-legal-hold.ts';
import { assertIfMatch } from '../management/assert-if-match.ts';
import { listById } from '../management/list-by-id.ts';
import type { RouteBinder } from '../management/route-binder.ts';
import { toVersioned } from '../management/to-versioned.ts';
import {
  deleteProvider,
  insertProvider,
  requireProvider,
  selectProviders,
  updateProvider,
  type ProviderRow,
} from './provider-store.ts';

type ProviderChange = BodyOf<typeof internalRoutes.providers.storeChange>;

/** Creates the routes of the providers of a tenant, or of the platform. */
export function createProviderRoutes({ forTenantOrPlatform }: RouteBinder): readonly BoundRoute[] {
  return [
    forTenantOrPlatform(internalRoute(routes.providers.list), (transaction, { query }) =>
      listById({
        list: 'providers',
        query,
        read: (page) => selectProviders(transaction, page, query),
        toItem: toProvider,
      }),
    ),
    forTenantOrPlatform(internalRoutes.providers.store, (transaction, { body, caller }) =>
      storeProvider(transaction, body, caller),
    ),
    forTenantOrPlatform(internalRoute(routes.providers.get), async (transaction, { params }) =>
      toVersioned(await requireProvider(transaction, params.provider_id), toProvider),
    ),
    forTenantOrPlatform(internalRoutes.providers.storeChange, (transaction, { params, body, caller }) =>
      changeProvider(transaction, params.provider_id, body, caller),
    ),
    forTenantOrPlatform(internalRoute(routes.providers.delete), (transaction, { params, caller }) =>
      removeProvider(transaction, params.provider_id, caller),
    ),
  ];
}

async function storeProvider(
  transaction: SharedTransaction,
  provider: BodyOf<typeof internalRoutes.providers.store>,
  caller: Caller,
) {
  const { base_url: baseUrl = null, sealed_credentials: credentials } = provider;
  assertMatchesKind(provider.kind, { base_url: baseUrl, credentials });
  const row = await insertProvider(transaction, provider);
  await recordEvent(transaction, caller, 'provider_config.created', row.id);
  return toVersioned(row, toProvider);
}

async function changeProvider(transaction: SharedTransaction, id: string, change: ProviderChange, caller: Caller) {
  const current = await requireProvider(transaction, id, 'FOR UPDATE');
  assertIfMatch(caller, current);
  const { name = current.name, base_url: baseUrl = current.base_url, enabled = current.enabled } = change;
  const { sealed_credentials: credentials } = change;
  assertCredentialsStayWithHost(current, change);
  assertMatchesKind(current.kind, { base_url: baseUrl, credentials: credentials ?? null });
  const row = await updateProvider(transaction, id, { name, baseUrl, enabled, credentials });
  await recordEvent(transaction, caller, 'provider_config.updated', id);
  return toVersioned(row, toProvider);
}

async function removeProvider(transaction: SharedTransaction, id: string, caller: Caller) {
  assertIfMatch(caller, await requireProvider(transaction, id, 'FOR UPDATE'));
  // Legal holds cover data of tenants only.
  if (isOfTenant(transaction)) await assertNotOnLegalHold(transaction, `The provider ${id}`, []);
  await deleteProvider(transaction, id);
  await recordEvent(transaction, caller, 'provider_config.deleted', id);
  return { answer: null };
}

/**
 * Asserts that stored credentials are not sent to another host: a caller that may write providers, but reads no
 * credentials, could have them sent to a host of its own.
 * @throws InvalidRequestError
 */
function assertCredentialsStayWithHost(
  current: ProviderRow,
  { base_url: baseUrl, sealed_credentials: credentials }: ProviderChange,
): void {
  const isOtherHost = baseUrl !== undefined && baseUrl !== current.base_url;
  if (!isOtherHost || credentials !== undefined || !current.has_credentials) return;
  const detail = 'Credentials are not sent to another base_url than the one that they were stored for';
  throw new InvalidRequestError(`${detail}: send them again with it, or null to remove them.`, {
    param: 'credentials',
    fields: [{ pointer: '/credentials', detail }],
  });
}

/** Asserts that an embedded provider, which runs inside AION, has neither an address nor credentials. @throws InvalidRequestError */
function assertMatchesKind(kind: string, values: { readonly base_url: unknown; readonly credentials: unknown }): void {
  if (kind !== 'embedded') return;
  const wrong = (['base_url', 'credentials'] as const).filter((field) => values[field] !== null);
  const [first] = wrong;
  if (first === undefined) return;
  throw new InvalidRequestError(`A provider of kind embedded runs inside AION: it has no ${wrong.join(' and no ')}.`, {
    param: first,
    fields: wrong.map((field) => ({ pointer: `/${field}`, detail: 'is not for a provider of kind embedded' })),
  });
}

function recordEvent(
  transaction: SharedTransaction,
  { actor }: Caller,
  action: string,
  targetId: string,
): Promise<void> {
  return recordAuditEvent(transaction, { actor, action, targetType: 'provider_config', targetId });
}

function toProvider(row: ProviderRow): Provider {
  return {
    id: row.id,
    tenant_id: row.tenant_id,
    name: row.name,
    kind: row.kind,
    base_url: row.base_url,
    has_credentials: row.has_credentials,
    enabled: row.enabled,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}
