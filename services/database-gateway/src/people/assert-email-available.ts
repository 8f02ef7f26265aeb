import { ConflictError } from '@aion/errors';
import type { TenantTransaction } from '../database/database.ts';
import { findOtherWithEmail } from './user-store.ts';

/**
 * Asserts that no other member of the tenant has the address of a person: two members with one address are usually one
 * person who was added twice. The memberships must be locked.
 * @throws ConflictError
 */
export async function assertEmailAvailable(
  transaction: TenantTransaction,
  person: { readonly id: string; readonly email: string },
): Promise<void> {
  const otherId = await findOtherWithEmail(transaction, person);
  if (otherId === undefined) return;
  throw new ConflictError(`The user ${otherId} of the tenant has this address already.`, { param: 'email' });
}
