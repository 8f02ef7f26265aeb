import { internalRoute, type Caller, type Role, routes, internalRoutes } from '@aion/contracts';
import { v7 as uuidv7 } from 'uuid';
import { createExportClaims } from '../../src/exports/export-claims.ts';
import { createGenerationStore } from '../../src/generations/generation-store.ts';
import type { Database } from '../../src/database/database.ts';
import { createManagement, holderOf, newKey, operatorFor } from './management.ts';

export const RECIPIENT = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kudavpwgsx3tuvn';

export const NO_PROGRESS = { tables_total: 0, tables_done: 0, rows_total: 0, rows: 0, bytes: 0 };

export const FILES = [
  { path: 'bagit.txt', key: 'exports/x/1/bagit.txt', bytes: 55, sha256: 'cd'.repeat(32) },
  { path: 'data/0000-manifest.json.age', key: 'exports/x/1/data/0000', bytes: 1_234, sha256: 'ef'.repeat(32) },
];

export function newGeneration(tenant: { tenantId: string; keyId: string }, request: unknown = { prompt: 'Hello' }) {
  return {
    tenant_id: tenant.tenantId,
    api_key_id: tenant.keyId,
    provider: 'embedded',
    model: 'embedded/extractive',
    stream: false,
    estimated_prompt_tokens: 3,
    request,
  };
}

export function newSettlement(tenantId: string, response: unknown = { text: 'Hi' }) {
  return {
    tenant_id: tenantId,
    status: 'succeeded' as const,
    error_type: null,
    prompt_tokens: 3,
    completion_tokens: 5,
    usage_source: 'provider' as const,
    cost_micro_usd: 12,
    duration_ms: 40,
    time_to_first_token_ms: 7,
    response,
  };
}

/** Opens and settles a generation; returns its id. */
export async function addGeneration(
  database: Database,
  tenant: { tenantId: string; keyId: string },
  request?: unknown,
): Promise<string> {
  const id = uuidv7();
  const generations = createGenerationStore(database, { storeContent: true });
  await generations.open(id, newGeneration(tenant, request));
  await generations.settle(id, newSettlement(tenant.tenantId));
  return id;
}

/** Adds a member to a tenant, whose caller has all scopes. */
export async function addMember(
  database: Database,
  tenant: { tenantId: string; keyId: string },
  role: Role = 'owner',
): Promise<Caller & { person_id: string }> {
  const body = { email: `${uuidv7()}@example.com`, name: 'Ada', role };
  const { answer } = await createManagement(database)(internalRoute(routes.users.create), holderOf(tenant), { body });
  return { ...holderOf(tenant), person_id: answer.id };
}

/** Adds an operator who acts for a tenant. */
export async function addOperator(database: Database, tenantId: string): Promise<Caller & { person_id: string }> {
  const { scopes: _scopes, ...body } = newKey({ name: 'Operator' });
  const { answer } = await createManagement(database)(internalRoutes.operators.store, operatorFor(null), { body });
  const { id } = answer;
  return { ...operatorFor(tenantId, { actor: `operator:${id}`, actor_id: id }), person_id: id };
}

/** Requests an export; returns its id. */
export async function requestExport(database: Database, tenant: { tenantId: string; keyId: string }): Promise<string> {
  const call = createManagement(database);
  const { answer } = await call(internalRoute(routes.exports.create), holderOf(tenant), {
    body: { recipient: RECIPIENT },
  });
  return answer.id;
}

/** Reads an export through the API of its tenant, with the version of its row. */
export async function readExport(database: Database, tenantId: string, id: string) {
  const call = createManagement(database);
  const caller = holderOf({ tenantId, keyId: uuidv7() });
  const { answer, version } = await call(internalRoute(routes.exports.get), caller, { params: { export_id: id } });
  return { ...answer, version: version ?? 0 };
}

/** Requests an export and claims it; returns its id and its fencing token. */
export async function claimNewExport(database: Database, tenant: { tenantId: string; keyId: string }) {
  const id = await requestExport(database, tenant);
  const claim = await createExportClaims(database).claim(id, { tenant_id: tenant.tenantId, lease_ms: 60_000 });
  if (claim.outcome !== 'claimed') throw new Error('the export was not claimed');
  return { id, epoch: claim.epoch };
}

/** Completes a new export; returns its id and its fencing token. */
export async function completeNewExport(database: Database, tenant: { tenantId: string; keyId: string }) {
  const { id, epoch } = await claimNewExport(database, tenant);
  const claims = createExportClaims(database);
  const { tenantId: tenant_id } = tenant;
  await claims.renew(id, { tenant_id, epoch, lease_ms: 60_000, state: 'sealing', progress: NO_PROGRESS });
  await claims.complete(id, { tenant_id, epoch, manifest_sha256: 'ab'.repeat(32), rows: 9, files: FILES }, 'test');
  return { id, epoch };
}
