import type { Caller, Scope } from '@aion/contracts';
import { PermissionDeniedError } from '@aion/errors';

/**
 * Nobody gives, takes or changes what they lack.
 * @param act what would be done, for the message: `give it to another key`
 * @throws PermissionDeniedError that names the scopes which the caller lacks
 */
export function refuseBeyond({ scopes: held }: Caller, wanted: readonly Scope[], act: string, param: string): void {
  if (held === null) return;
  const missing = wanted.filter((scope) => !held.includes(scope));
  if (missing.length === 0) return;
  const names = missing.map((scope) => `"${scope}"`).join(', ');
  throw new PermissionDeniedError(`You lack ${names}, so you cannot ${act}.`, { param });
}
