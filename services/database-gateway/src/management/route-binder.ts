import { isReading, type Caller, type Route, type TenantState } from '@aion/contracts';
import { ConflictError, InvalidRequestError } from '@aion/errors';
import { bindRoute, requireCaller, type BoundRoute } from '@aion/http';
import type { z } from 'zod';
import type { Database, PlatformTransaction, SharedTransaction, TenantTransaction } from '../database/database.ts';
import { mapUniqueViolation } from '../database/map-unique-violation.ts';
import { requireRow } from '../database/require-row.ts';
import { withIdempotency, type VersionedAnswer } from './with-idempotency.ts';

/** A request of the management API that web-api has authenticated and authorized. */
export interface InternalRequest<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> {
  readonly params: z.output<P>;
  readonly query: z.output<Q>;
  readonly body: z.output<B>;
  readonly caller: Caller;
}

/** Handles a request in a transaction, which is rolled back when the handler throws. */
export type Handler<T, P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, A> = (
  transaction: T,
  request: InternalRequest<P, Q, B>,
) => Promise<VersionedAnswer<A>>;

/** Binds internal routes to the handlers that execute them. */
export interface RouteBinder {
  /** Binds a route that concerns one tenant: its handler gets a transaction of the tenant. */
  readonly forTenant: Bind<TenantTransaction>;
  /** Binds a route that concerns the platform: its handler gets a transaction of no tenant. */
  readonly forPlatform: Bind<PlatformTransaction>;
  /** Binds a route on a table with rows of tenants and of the platform: the tenant of the caller decides. */
  readonly forTenantOrPlatform: Bind<SharedTransaction>;
}

/** A route that `internalRoute` derives from one of the management API. */
type InternalRoute<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType> = Route<
  P,
  Q,
  B,
  z.ZodObject<{ answer: A; version: z.ZodNullable<z.ZodNumber>; replayed: z.ZodBoolean }>
>;

type Bind<T> = <P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType>(
  route: InternalRoute<P, Q, B, A>,
  handle: Handler<T, P, Q, B, z.input<A>>,
) => BoundRoute;

const ALREADY_EXISTS = { message: 'It exists already. Nothing was changed.' };

/**
 * Creates a binder of routes of the management API. Each request runs in one transaction, together with its
 * `Idempotency-Key`, and is cancelled when its client disconnects.
 */
export function createRouteBinder(database: Database): RouteBinder {
  const inTenant = <A>(
    { route, caller, signal }: { readonly route: Route; readonly caller: Caller; readonly signal: AbortSignal },
    run: (transaction: TenantTransaction) => Promise<A>,
  ) => {
    const { tenant_id: tenantId } = caller;
    if (tenantId === null) {
      throw new InvalidRequestError('The route requires a tenant, and the caller has none: name a tenant.');
    }
    return database.withTenant(
      tenantId,
      async (transaction) => {
        // A key proves that its tenant exists and is not closed; an operator may name any tenant.
        if (caller.scopes === null) await assertTenantWritable(transaction, route);
        return mapUniqueViolation(ALREADY_EXISTS, () => run(transaction));
      },
      { signal },
    );
  };
  const inPlatform = <A>(signal: AbortSignal, run: (transaction: PlatformTransaction) => Promise<A>) =>
    database.withPlatform((transaction) => mapUniqueViolation(ALREADY_EXISTS, () => run(transaction)), { signal });

  return {
    forTenant: (route, handle) =>
      bindRoute(route, ({ identity, signal, ...rest }) => {
        const request = { ...rest, caller: requireCaller(identity) };
        return inTenant({ route, caller: request.caller, signal }, (transaction) =>
          withIdempotency(transaction, route.name, request.caller, () => handle(transaction, request)),
        );
      }),
    forPlatform: (route, handle) =>
      bindRoute(route, ({ identity, signal, ...rest }) => {
        const request = { ...rest, caller: requireCaller(identity) };
        return inPlatform(signal, (transaction) =>
          withIdempotency(transaction, route.name, request.caller, () => handle(transaction, request)),
        );
      }),
    forTenantOrPlatform: (route, handle) =>
      bindRoute(route, ({ identity, signal, ...rest }) => {
        const request = { ...rest, caller: requireCaller(identity) };
        const run = (transaction: SharedTransaction) =>
          withIdempotency(transaction, route.name, request.caller, () => handle(transaction, request));
        return request.caller.tenant_id === null
          ? inPlatform(signal, run)
          : inTenant({ route, caller: request.caller, signal }, run);
      }),
  };
}

/**
 * Asserts that a tenant exists, and for a change that it is not closed.
 * @throws NotFoundError
 * @throws ConflictError
 */
async function assertTenantWritable(transaction: TenantTransaction, route: Route): Promise<void> {
  const { tenantId } = transaction;
  const rows = await transaction.query<{ readonly state: TenantState }>({
    table: 'tenants',
    text: 'SELECT state FROM tenants WHERE id = $1',
    values: [tenantId],
  });
  const { state } = requireRow(rows, `There is no tenant ${tenantId}.`, 'tenant_id');
  if (isReading(route) || (state !== 'closed' && state !== 'erasing')) return;
  throw new ConflictError(`The tenant ${tenantId} is ${state}: nothing of it can be changed any more.`);
}
