import type { Caller } from '@aion/contracts';
import { PreconditionFailedError } from '@aion/errors';

/**
 * Holds a change to the version that it was made for (`If-Match`, RFC 9110, 13.1.1). The row must be locked.
 * @throws PreconditionFailedError
 */
export function expectVersion({ if_match: wanted }: Caller, row: { readonly version: number }): void {
  if (wanted === undefined || wanted === row.version) return;
  throw new PreconditionFailedError(
    `It has changed: the version is "${row.version}", and If-Match says "${wanted}". Read it again, and send the change ` +
      'for what it is now.',
    { param: 'If-Match' },
  );
}
