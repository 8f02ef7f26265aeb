import { internalRoute, type Caller, type ParkedOutboxRow, routes, type QueryOf } from '@aion/contracts';
import { NotFoundError } from '@aion/errors';
import type { BoundRoute } from '@aion/http';
import { recordAuditEvent } from '../audit/record-audit-event.ts';
import type { PlatformTransaction } from '../database/database.ts';
import type { RouteBinder } from '../management/route-binder.ts';
import { readPage } from '../management/read-page.ts';

type RowFilter = QueryOf<typeof routes.outboxRows.listParked>;

interface ParkedRow extends Omit<ParkedOutboxRow, 'created_at' | 'parked_at'> {
  readonly [column: string]: unknown;
  readonly created_at: Date;
  readonly parked_at: Date;
}

/** The routes on the outbox rows that the relay has given up, for operators. */
export function createOutboxRoutes({ forPlatform }: RouteBinder): readonly BoundRoute[] {
  return [
    forPlatform(internalRoute(routes.outboxRows.listParked), (transaction, { query }) =>
      listParked(transaction, query),
    ),
    forPlatform(internalRoute(routes.outboxRows.release), (transaction, { params, body, caller }) =>
      release(transaction, params.outbox_id, body.tenant_id, caller),
    ),
  ];
}

function listParked(transaction: PlatformTransaction, query: RowFilter) {
  return readPage({
    list: 'parked-outbox-rows',
    positions: 'uuid',
    query,
    read: async ({ limit, after, direction }) => {
      const rows = await transaction.query<ParkedRow>({
        operation: 'CALL',
        table: 'outbox',
        text: 'SELECT * FROM list_parked_outbox($1, $2, $3)',
        values: [limit, after, direction === 'ASC'],
      });
      return rows.map((row) => ({
        ...row,
        created_at: row.created_at.toISOString(),
        parked_at: row.parked_at.toISOString(),
      }));
    },
    positionOf: ({ id }) => id,
  });
}

/** Makes a row due again, with all its refusals before it. @throws NotFoundError when the tenant has no such parked row */
async function release(transaction: PlatformTransaction, id: string, tenantId: string, { actor }: Caller) {
  const [row] = await transaction.query<{ released: boolean | null }>({
    operation: 'CALL',
    table: 'outbox',
    text: 'SELECT release_outbox($1, $2) AS released',
    values: [id, tenantId],
  });
  if (row?.released !== true) throw new NotFoundError(`No outbox row ${id} of this tenant is parked.`);
  const event = { action: 'outbox_row.released', targetType: 'tenant', targetId: tenantId, targetPath: id } as const;
  await transaction.asTenant(tenantId, (ofTenant) => recordAuditEvent(ofTenant, { actor, ...event }));
  return { answer: null };
}
