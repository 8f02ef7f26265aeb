import type { Caller, Scope } from '@aion/contracts';
import { PermissionDeniedError } from '@aion/errors';

/**
 * Asserts that a caller has the scopes that it grants, removes or changes.
 * @param action ends the message "You lack ..., so you cannot": `give it to another key`
 * @throws PermissionDeniedError that names the scopes which the caller lacks
 */
export function assertHasScopes(
  { scopes: granted }: Caller,
  required: readonly Scope[],
  action: string,
  param: string,
): void {
  if (granted === null) return;
  const missing = required.filter((scope) => !granted.includes(scope));
  if (missing.length === 0) return;
  const names = missing.map((scope) => `"${scope}"`).join(', ');
  throw new PermissionDeniedError(`You lack ${names}, so you cannot ${action}.`, { param });
}
