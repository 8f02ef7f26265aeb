import type { ParkedOutboxRow } from '@aion/contracts';
import { NotFoundError } from '@aion/errors';
import type { PlatformTransaction } from '../database/database.ts';
import type { PageWindow } from '../management/read-page.ts';

/** A dead-lettered row of `outbox`, without its payload. */
export interface DeadLetteredRow extends Omit<ParkedOutboxRow, 'created_at' | 'parked_at'> {
  readonly [column: string]: unknown;
  readonly created_at: Date;
  readonly parked_at: Date;
}

/** Reads a page of the dead-lettered rows of all tenants. */
export function selectDeadLetteredRows(
  transaction: PlatformTransaction,
  { limit, after, direction }: PageWindow,
): Promise<DeadLetteredRow[]> {
  return transaction.query<DeadLetteredRow>({
    functionOf: 'outbox',
    text: 'SELECT * FROM list_parked_outbox($1, $2, $3)',
    values: [limit, after, direction === 'ASC'],
  });
}

/** Makes a dead-lettered row due again and resets its refusals. @throws NotFoundError */
export async function releaseOutboxRow(transaction: PlatformTransaction, id: string, tenantId: string): Promise<void> {
  const [row] = await transaction.query<{ released: boolean | null }>({
    functionOf: 'outbox',
    text: 'SELECT release_outbox($1, $2) AS released',
    values: [id, tenantId],
  });
  if (row?.released !== true) throw new NotFoundError(`This tenant has no dead-lettered outbox row ${id}.`);
}
