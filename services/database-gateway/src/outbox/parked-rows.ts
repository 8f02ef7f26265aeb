import type { ParkedOutboxRow } from '@aion/contracts';
import { NotFoundError } from '@aion/errors';
import { recordAuditEvent } from '../audit/record-audit-event.ts';
import type { Database } from '../database/database.ts';

/** The outbox rows that the relay has given up, for operators. */
export interface ParkedRows {
  /** Rows after the given one, oldest first. */
  list(page: { readonly limit: number; readonly after?: string | undefined }): Promise<ParkedOutboxRow[]>;
  /**
   * Makes a row due again, with all its refusals before it, and records who did so.
   * @throws NotFoundError when this tenant has no such row that is parked
   */
  release(id: string, by: { readonly tenant_id: string; readonly actor: string }): Promise<void>;
}

/** Creates the view. */
export function createParkedRows(database: Database): ParkedRows {
  return {
    list: async ({ limit, after }) => {
      const rows = await database.query<ParkedRow>({
        operation: 'CALL',
        table: 'outbox',
        text: 'SELECT * FROM list_parked_outbox($1, $2)',
        values: [limit, after ?? null],
      });
      return rows.map((row) => ({
        ...row,
        created_at: row.created_at.toISOString(),
        parked_at: row.parked_at.toISOString(),
      }));
    },
    release: (id, { tenant_id: tenantId, actor }) =>
      database.withTenant(tenantId, async (transaction) => {
        const [row] = await transaction.query<{ released: boolean | null }>({
          operation: 'CALL',
          table: 'outbox',
          text: 'SELECT release_outbox($1, $2) AS released',
          values: [id, tenantId],
        });
        if (row?.released !== true) throw new NotFoundError(`No outbox row "${id}" of this tenant is parked.`);
        await recordAuditEvent(transaction, {
          ...{ actor, action: 'outbox_row.released', targetType: 'tenant', targetId: tenantId, targetPath: id },
        });
      }),
  };
}

type ParkedRow = Omit<ParkedOutboxRow, 'created_at' | 'parked_at'> & {
  readonly created_at: Date;
  readonly parked_at: Date;
};
