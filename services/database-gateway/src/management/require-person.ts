import type { Caller } from '@aion/contracts';
import { PermissionDeniedError } from '@aion/errors';

/**
 * Returns the person of a caller, for actions that a person must be accountable for.
 * @throws PermissionDeniedError for a key of the tenant, which belongs to no person
 */
export function requirePerson({ person_id: personId }: Caller): string {
  if (personId !== null) return personId;
  throw new PermissionDeniedError(
    "Only a person may do this, and the key is the tenant's: use the key of a person (one that was created with a " +
      'user_id), or ask the operator.',
  );
}
