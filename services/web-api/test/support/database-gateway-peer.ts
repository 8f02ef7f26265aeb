import {
  ROTATION_BATCH,
  internalRoute,
  type bundleFile,
  type Caller,
  type EncryptedRow,
  type Tenant,
  type TenantExport,
  internalRoutes,
  routes,
} from '@aion/contracts';
import { ConflictError, NotFoundError, UnavailableError } from '@aion/errors';
import { bindRoute, requireCaller, requireTenantCaller, type BoundRoute, type Identity } from '@aion/http';
import { v7 as uuidv7 } from 'uuid';
import type { z } from 'zod';
import type { StoredApiKey, StoredOperator } from '../../src/keys/cached-key-lookup.ts';

/** One audit event of a download. */
export interface RecordedDownload {
  readonly exportId: string;
  readonly tenantId: string;
  readonly actor: string;
  readonly path: string | null;
}

type BundleFile = z.output<typeof bundleFile>;

/** Fake of database-gateway that implements its contract in memory. */
export class DatabaseGatewayPeer {
  readonly tenants = new Map<string, Tenant>();
  readonly keys = new Map<string, StoredApiKey>();
  readonly operators = new Map<string, StoredOperator>();
  /** Caller of the last management request, by name of the route. */
  readonly callers = new Map<string, Caller>();
  readonly exports = new Map<string, TenantExport & { version: number }>();
  readonly bundles = new Map<string, { finished_at: string; files: BundleFile[] }>();
  readonly downloads: RecordedDownload[] = [];
  /** Recorded uses of keys. */
  readonly uses: { readonly id: string; readonly accepted: boolean }[] = [];
  /** Bodies of the requests that store providers and credentials. */
  readonly providerBodies: string[] = [];
  /** Rows with encrypted credentials, in the order of their ids. */
  encryptedRows: EncryptedRow[] = [];
  /** Number of calls of each route. */
  readonly calls = new Map<string, number>();
  /** While true every route answers 503. */
  isUnavailable = false;
  /** While true no download and no use of a key can be recorded. */
  cannotRecord = false;

  routes(): BoundRoute[] {
    return [
      ...this.#keyRoutes(),
      ...this.#providerRoutes(),
      ...this.#rotationRoutes(),
      ...this.#exportRoutes(),
      ...this.#downloadRoutes(),
    ].map((bound) => ({
      ...bound,
      handle: (request, reply) => {
        this.calls.set(bound.route.name, (this.calls.get(bound.route.name) ?? 0) + 1);
        if (this.isUnavailable)
          throw new UnavailableError('The database cannot be reached now.', { retryAfterSeconds: 2 });
        return bound.handle(request, reply);
      },
    }));
  }

  #keyRoutes(): BoundRoute[] {
    return [
      bindRoute(internalRoutes.ping.databaseGateway, async () => ({ service: 'database-gateway' })),
      bindRoute(internalRoute(routes.tenants.create), async ({ body, identity }) => {
        this.#callerOf('createTenant', identity);
        const answer = newTenant(uuidv7(), body.name);
        this.tenants.set(answer.id, answer);
        return { answer, version: 1, replayed: false };
      }),
      bindRoute(internalRoutes.apiKeys.store, async ({ body, identity }) => {
        const tenant_id = this.#callerOf('storeApiKey', identity).tenant_id ?? '';
        if (!this.tenants.has(tenant_id)) throw new NotFoundError('There is no such tenant.');
        const { key_hash, sealed_key, ...wanted } = body;
        const shown = {
          ...wanted,
          tenant_id,
          scopes: [...new Set(wanted.scopes)],
          expires_at: wanted.expires_at ?? null,
          project_id: null,
          user_id: null,
          created_at: new Date().toISOString(),
          revoked_at: null,
          last_used_on: null,
        };
        const internal = { key_hash, last_refused_on: null, role: null, tenant_state: 'active' } as const;
        this.keys.set(body.prefix, { ...shown, ...internal });
        return { answer: { ...shown, sealed_key }, version: 1, replayed: false };
      }),
      bindRoute(internalRoutes.apiKeys.find, async ({ params }) => found(this.keys.get(params.prefix))),
      bindRoute(internalRoutes.operators.find, async ({ params }) => found(this.operators.get(params.prefix))),
      bindRoute(internalRoutes.apiKeys.recordUse, async ({ params, body }) =>
        this.#recordUse(params.key_id, body.accepted),
      ),
      bindRoute(internalRoutes.operators.recordUse, async ({ params, body }) =>
        this.#recordUse(params.operator_id, body.accepted),
      ),
    ];
  }

  #recordUse(id: string, accepted: boolean): undefined {
    if (this.cannotRecord) throw new UnavailableError('The database cannot be reached now.');
    this.uses.push({ id, accepted });
    return undefined;
  }

  #providerRoutes(): BoundRoute[] {
    const shown = { kind: 'anthropic' as const, base_url: null, has_credentials: true, enabled: true, tenant_id: null };
    const times = { created_at: new Date(0).toISOString(), updated_at: new Date(0).toISOString() };
    return [
      bindRoute(internalRoutes.providers.store, async ({ body, rawBody, identity }) => {
        this.#callerOf('storeProvider', identity);
        this.providerBodies.push(rawBody.toString());
        const answer = { ...shown, ...times, id: body.id, name: body.name };
        return { answer, version: 1, replayed: false };
      }),
      bindRoute(internalRoutes.providers.storeChange, async ({ params, rawBody }) => {
        this.providerBodies.push(rawBody.toString());
        return { answer: { ...shown, ...times, id: params.provider_id, name: 'changed' }, version: 2, replayed: false };
      }),
    ];
  }

  #rotationRoutes(): BoundRoute[] {
    return [
      bindRoute(internalRoutes.sealingKeys.listOutdatedRows, async ({ query: { key_id: keyId, after = '' } }) => {
        const rows = this.encryptedRows.filter(({ id, sealed }) => id > after && sealed.key_id !== keyId);
        return { data: rows.slice(0, ROTATION_BATCH) };
      }),
      bindRoute(internalRoutes.sealingKeys.countRows, async () => {
        const groups = Map.groupBy(this.encryptedRows, ({ sealed }) => sealed.key_id);
        return { data: [...groups].map(([key_id, { length: rows }]) => ({ key_id, rows })) };
      }),
      bindRoute(internalRoutes.sealingKeys.storeRotatedRows, async ({ body, rawBody }) => {
        this.providerBodies.push(rawBody.toString());
        const rotated = new Map(body.resealed.map(({ from_key_id: _from, ...row }) => [row.id, row]));
        this.encryptedRows = this.encryptedRows.map((row) => rotated.get(row.id) ?? row);
        const { resealed, ...rest } = body;
        const remaining = this.encryptedRows.filter(({ sealed }) => sealed.key_id !== body.key_id).length;
        return { answer: { ...rest, resealed: resealed.length, remaining }, version: null, replayed: false };
      }),
    ];
  }

  #callerOf(route: string, identity: Identity): Caller {
    const caller = requireCaller(identity);
    this.callers.set(route, caller);
    return caller;
  }

  #exportRoutes(): BoundRoute[] {
    return [
      bindRoute(internalRoute(routes.exports.create), async ({ body, identity }) => {
        const id = uuidv7();
        this.exports.set(id, newExport(id, tenantOf(this.#callerOf('createExport', identity)), body.recipient));
        return this.#envelope(id);
      }),
      bindRoute(internalRoute(routes.exports.get), async ({ params, identity }) => {
        const { id } = this.#find(params.export_id, tenantOf(this.#callerOf('getExport', identity)));
        return this.#envelope(id);
      }),
      bindRoute(internalRoute(routes.exports.list), async ({ query, identity }) => {
        const tenantId = tenantOf(this.#callerOf('listExports', identity));
        const data = [...this.exports.values()].filter((item) => item.tenant_id === tenantId).toReversed();
        return { answer: { data: data.slice(0, query.limit), next_cursor: null }, version: null, replayed: false };
      }),
    ];
  }

  #downloadRoutes(): BoundRoute[] {
    return [
      bindRoute(internalRoutes.exports.readBundleFiles, async ({ params, identity }) => {
        const { id } = this.#find(params.export_id, tenantOf(requireTenantCaller(identity)));
        const bundle = this.bundles.get(id);
        if (bundle === undefined) throw new ConflictError('The export is not ready.');
        return bundle;
      }),
      bindRoute(internalRoutes.exports.storeDownloadLinks, async ({ params, identity }) => {
        const { id, state } = this.#find(params.export_id, tenantOf(this.#callerOf('createDownloadLinks', identity)));
        if (state !== 'ready' && !this.bundles.has(id)) throw new ConflictError('The export is not ready.');
        return { answer: { created_at: new Date().toISOString() }, version: null, replayed: false };
      }),
      bindRoute(internalRoutes.exports.recordDownload, async ({ params, body, identity }) => {
        if (this.cannotRecord) throw new UnavailableError('The database cannot be reached now.');
        const { tenant_id: tenantId, actor } = requireTenantCaller(identity);
        const { id } = this.#find(params.export_id, tenantId);
        this.downloads.push({ exportId: id, tenantId, actor, path: body.path });
        return undefined;
      }),
    ];
  }

  /** Changes an export as a worker does. */
  change(exportId: string, change: Partial<TenantExport>): void {
    const current = this.exports.get(exportId);
    if (current === undefined) throw new Error(`no export ${exportId}`);
    this.exports.set(exportId, { ...current, ...change, version: current.version + 1 });
  }

  #envelope(exportId: string) {
    const stored = this.exports.get(exportId);
    if (stored === undefined) throw new NotFoundError('There is no such export.');
    const { version, ...answer } = stored;
    return { answer, version, replayed: false };
  }

  #find(exportId: string, tenantId: string): TenantExport & { version: number } {
    const found = this.exports.get(exportId);
    if (found?.tenant_id !== tenantId) throw new NotFoundError('There is no such export.');
    return found;
  }
}

function tenantOf(caller: Caller): string {
  return caller.tenant_id ?? '';
}

function found<T>(stored: T | undefined): T {
  if (stored === undefined) throw new NotFoundError('There is no such key.');
  return stored;
}

/** Creates a tenant as database-gateway returns it. */
export function newTenant(id: string, name: string): Tenant {
  const now = new Date().toISOString();
  return { id, name, state: 'active', store_content: true, created_at: now, updated_at: now };
}

function newExport(id: string, tenantId: string, recipient: string): TenantExport & { version: number } {
  return {
    id,
    tenant_id: tenantId,
    state: 'requested',
    recipient,
    created_at: new Date().toISOString(),
    started_at: null,
    finished_at: null,
    progress: { tables_total: 0, tables_done: 0, rows_total: 0, rows: 0, bytes: 0 },
    bundle: null,
    failure: null,
    version: 1,
  };
}
