import type { Caller, Scope } from '@aion/contracts';
import { PermissionDeniedError } from '@aion/errors';

/**
 * Nobody gives what they lack.
 * @param what what would be given, for the message: `the key`, `the role owner`
 * @throws PermissionDeniedError that names the scopes which the caller lacks
 */
export function refuseBeyond({ scopes: held }: Caller, wanted: readonly Scope[], what: string, param: string): void {
  if (held === null) return;
  const missing = wanted.filter((scope) => !held.includes(scope));
  if (missing.length === 0) return;
  const names = missing.map((scope) => `"${scope}"`).join(', ');
  throw new PermissionDeniedError(`You lack ${names}, so you cannot give it to ${what}.`, { param });
}
