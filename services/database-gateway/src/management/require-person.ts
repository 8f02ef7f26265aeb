import type { Caller } from '@aion/contracts';
import { PermissionDeniedError } from '@aion/errors';

/**
 * The person who asks, where somebody must answer for what is done.
 * @throws PermissionDeniedError for a key of the tenant, which is nobody's
 */
export function requirePerson({ person_id: personId }: Caller): string {
  if (personId !== null) return personId;
  throw new PermissionDeniedError(
    "This is done by a person, and the key is the tenant's: use the key of a person (one that was made with a user_id), " +
      'or ask the operator.',
  );
}
