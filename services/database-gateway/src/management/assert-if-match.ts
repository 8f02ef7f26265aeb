import type { Caller } from '@aion/contracts';
import { PreconditionFailedError } from '@aion/errors';

/**
 * Compares the version of a row with the `If-Match` of a change (RFC 9110, 13.1.1). The row must be locked.
 * @throws PreconditionFailedError when the row has another version
 */
export function assertIfMatch({ if_match: expected }: Caller, row: { readonly version: number }): void {
  if (expected === undefined || expected === row.version) return;
  throw new PreconditionFailedError(
    `If-Match is "${expected}", but the current version is "${row.version}". Read the resource again, and send the ` +
      'change with its current version.',
    { param: 'If-Match' },
  );
}
