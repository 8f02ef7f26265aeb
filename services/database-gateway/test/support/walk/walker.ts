import type { Caller } from '@aion/contracts';
import type { CallManagement } from '../management.ts';

/** Tenant that executes every operation with its own ids. */
export interface Walker {
  readonly tenantId: string;
  readonly keyId: string;
  readonly call: CallManagement;
  /** Member of the tenant with every scope. */
  readonly owner: Caller;
  /** Operator who acts for the tenant. */
  readonly operator: Caller;
}

/** Reads the first two pages of a list in both orders. */
export async function readInBothOrders(
  list: (query: {
    readonly limit: number;
    readonly order: 'asc' | 'desc';
    readonly cursor?: string;
  }) => Promise<{ readonly answer: { readonly next_cursor: string | null } }>,
): Promise<void> {
  for (const order of ['asc', 'desc'] as const) {
    const { answer } = await list({ limit: 1, order });
    if (answer.next_cursor !== null) await list({ limit: 20, order, cursor: answer.next_cursor });
  }
}

/** Expects the rejection of a call that runs its statement first. */
export async function expectConflict(call: Promise<unknown>): Promise<void> {
  await expect(call).rejects.toMatchObject({ code: 'CONFLICT' });
}
