import { CALLER_HEADER, callerSchema, isReading, type Caller, type Route, type TenantState } from '@aion/contracts';
import { ConflictError, InvalidRequestError, NotFoundError } from '@aion/errors';
import { bindRoute, type BoundRoute } from '@aion/http';
import type { IncomingHttpHeaders } from 'node:http';
import type { z } from 'zod';
import { isUniqueViolation } from '../database/database-error.ts';
import type { Database, PlatformTransaction, SharedTransaction, TenantTransaction } from '../database/database.ts';
import { answerOnce, type Answer } from './answer-once.ts';

/** A request of the management API that web-api has proven and allowed. */
export interface StoredRequest<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> {
  readonly params: z.output<P>;
  readonly query: z.output<Q>;
  readonly body: z.output<B>;
  readonly caller: Caller;
}

/** Carries out a request in a transaction: what it throws undoes everything that it did. */
type Carry<T, P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, A> = (
  transaction: T,
  request: StoredRequest<P, Q, B>,
) => Promise<Answer<A>>;

/** A route that `internalRoute` has made of one of the management API. */
type StoredRoute<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType> = Route<
  P,
  Q,
  B,
  z.ZodObject<{ answer: A; version: z.ZodNullable<z.ZodNumber>; replayed: z.ZodBoolean }>
>;

type Bind<T> = <P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType>(
  route: StoredRoute<P, Q, B, A>,
  carry: Carry<T, P, Q, B, z.input<A>>,
) => BoundRoute;

/** Binds stored routes to what carries them out. */
export interface StoredRoutes {
  /** A route that is about one tenant, in a transaction of it. */
  readonly forTenant: Bind<TenantTransaction>;
  /** A route that is about the platform, in a transaction of no tenant. */
  readonly forPlatform: Bind<PlatformTransaction>;
  /** A route on a table that holds rows of tenants and of the platform: whose, the caller says. */
  readonly forEither: Bind<SharedTransaction>;
}

/**
 * Creates what binds routes of the management API. Each request runs in one transaction, with its `Idempotency-Key`, and
 * is cancelled when its client has gone.
 */
export function createStoredRoutes(database: Database): StoredRoutes {
  const inTenant = <A>(
    { route, caller, signal }: { readonly route: Route; readonly caller: Caller; readonly signal: AbortSignal },
    run: (transaction: TenantTransaction) => Promise<A>,
  ) => {
    const { tenant_id: tenantId } = caller;
    if (tenantId === null) throw new InvalidRequestError('The route is about a tenant, and the caller names none.');
    return database.withTenant(
      tenantId,
      async (transaction) => {
        // A key proves its tenant, and that it is not closed; an operator may have named any.
        if (caller.scopes === null) await assertTakes(transaction, route);
        return refuseTwice(() => run(transaction));
      },
      { signal },
    );
  };
  const inPlatform = <A>(signal: AbortSignal, run: (transaction: PlatformTransaction) => Promise<A>) =>
    database.withPlatform((transaction) => refuseTwice(() => run(transaction)), { signal });

  return {
    forTenant: (route, carry) =>
      bindRoute(route, ({ headers, signal, ...rest }) => {
        const request = { ...rest, caller: callerOf(headers) };
        return inTenant({ route, caller: request.caller, signal }, (transaction) =>
          answerOnce(transaction, route.name, request.caller, () => carry(transaction, request)),
        );
      }),
    forPlatform: (route, carry) =>
      bindRoute(route, ({ headers, signal, ...rest }) => {
        const request = { ...rest, caller: callerOf(headers) };
        return inPlatform(signal, (transaction) =>
          answerOnce(transaction, route.name, request.caller, () => carry(transaction, request)),
        );
      }),
    forEither: (route, carry) =>
      bindRoute(route, ({ headers, signal, ...rest }) => {
        const request = { ...rest, caller: callerOf(headers) };
        const run = (transaction: SharedTransaction) =>
          answerOnce(transaction, route.name, request.caller, () => carry(transaction, request));
        return request.caller.tenant_id === null
          ? inPlatform(signal, run)
          : inTenant({ route, caller: request.caller, signal }, run);
      }),
  };
}

function callerOf(headers: IncomingHttpHeaders): Caller {
  const header = headers[CALLER_HEADER];
  if (typeof header !== 'string') throw new InvalidRequestError(`The header ${CALLER_HEADER} is missing.`);
  const parsed = callerSchema.safeParse(parseHeader(header));
  if (parsed.success) return parsed.data;
  throw new InvalidRequestError(`The header ${CALLER_HEADER} is not a caller.`, { cause: parsed.error });
}

function parseHeader(header: string): unknown {
  try {
    return JSON.parse(Buffer.from(header, 'base64url').toString());
  } catch (error) {
    throw new InvalidRequestError(`The header ${CALLER_HEADER} is not base64url of JSON.`, { cause: error });
  }
}

/** What must be there once only and is there already is no fault of the platform's. */
async function refuseTwice<A>(run: () => Promise<A>): Promise<A> {
  try {
    return await run();
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw new ConflictError('It exists already. Nothing was changed.', { cause: error });
  }
}

/** The tenant is there, and not closed when something is to change. @throws NotFoundError; ConflictError */
async function assertTakes(transaction: TenantTransaction, route: Route): Promise<void> {
  const { tenantId } = transaction;
  const [tenant] = await transaction.query<{ readonly state: TenantState }>({
    operation: 'SELECT',
    table: 'tenants',
    text: 'SELECT state FROM tenants WHERE id = $1',
    values: [tenantId],
  });
  if (tenant === undefined) throw new NotFoundError(`There is no tenant ${tenantId}.`, { param: 'tenant_id' });
  if (isReading(route) || (tenant.state !== 'closed' && tenant.state !== 'erasing')) return;
  throw new ConflictError(`The tenant ${tenantId} is ${tenant.state}: nothing of it can be changed any more.`);
}
