import { SCOPES, type Caller, type Route, type Scope } from '@aion/contracts';
import { v7 as uuidv7 } from 'uuid';
import type { z } from 'zod';
import type { Database } from '../../src/database/database.ts';
import { createManagementRoutes, type ManagementSettings } from '../../src/create-management-routes.ts';
import { WIDEST_BOUNDS } from '../../src/retention/retention-bounds.ts';

/** Builds the caller of an operator, for a tenant or for the platform. */
export function operatorFor(tenantId: string | null, change: Partial<Caller> = {}): Caller {
  const id = '01890a5d-0000-7000-8000-00000000000a';
  return { tenant_id: tenantId, actor: `operator:${id}`, actor_id: id, person_id: id, scopes: null, ...change };
}

/** Builds the caller of a tenant's key, by default with all scopes. */
export function holderOf(
  tenant: { readonly tenantId: string; readonly keyId: string },
  scopes: readonly Scope[] = SCOPES,
  change: Partial<Caller> = {},
): Caller {
  const { tenantId, keyId } = tenant;
  const actor = { actor: `api_key:${keyId}`, actor_id: keyId, person_id: null };
  return { tenant_id: tenantId, ...actor, scopes: [...scopes], ...change };
}

/** Parts of a request. */
export interface Sent<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> {
  readonly params?: z.input<P>;
  readonly query?: z.input<Q>;
  readonly body?: z.input<B>;
  readonly signal?: AbortSignal;
}

/** Function that calls routes of the management API like the HTTP server, after validation by their schemas. */
export type CallManagement = <P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, R extends z.ZodType>(
  route: Route<P, Q, B, R>,
  caller: Caller,
  sent?: Sent<P, Q, B>,
) => Promise<z.output<R>>;

/** Defaults of a caller who is an operator. */
export const SETTINGS: ManagementSettings = { retention: { bounds: WIDEST_BOUNDS, loweringDelayDays: 7 } };

/** Creates the function that calls routes on a database. */
export function createManagement(database: Database, settings = SETTINGS): CallManagement {
  const routes = new Map(createManagementRoutes(database, settings).map((bound) => [bound.route.name, bound]));
  return async (route, caller, { params, query, body, signal = new AbortController().signal } = {}) => {
    const bound = routes.get(route.name);
    if (bound === undefined) throw new Error(`${route.name} is not bound`);
    const request = {
      params: route.params?.parse(params),
      query: route.query?.parse(query ?? {}),
      body: route.body?.parse(body),
      headers: {},
      signal,
      identity: { kind: 'service', service: 'web-api', caller },
      rawBody: Buffer.alloc(0),
    };
    // A handler also gets objects of express, which none of these routes uses.
    const answer = await bound.handle(request as never, { setHeader: () => undefined });
    if (route.response.json === undefined) throw new Error(`${route.name} has no answer`);
    return route.response.json.parse(answer);
  };
}

/** Builds the stored part of a new key. */
export function newKey(change: { readonly scopes?: Scope[]; readonly name?: string } = {}) {
  const id = uuidv7();
  return {
    id,
    name: 'Key',
    prefix: id.replaceAll('-', '').slice(-12),
    key_hash: 'ab'.repeat(32),
    sealed_key: 'sealed',
    scopes: ['inference' as Scope],
    ...change,
  };
}
