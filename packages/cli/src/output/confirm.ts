import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { CancelledError, UsageError } from '../usage-error.ts';

/** Terminal of the user. */
export interface Terminal {
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Writable & { readonly isTTY?: boolean };
}

/**
 * Asks the user to confirm an irreversible effect.
 * @throws UsageError without a terminal; CancelledError when the answer is not `yes`
 */
export async function confirm(effect: string, { input, output }: Terminal): Promise<void> {
  if (input.isTTY !== true || output.isTTY !== true) {
    throw new UsageError(`${effect}. This needs a confirmation: run it in a terminal or add --yes.`);
  }
  output.write(`${effect}.\nType "yes" to continue: `);
  const lines = createInterface({ input, terminal: false });
  try {
    // Undefined when the input ends without a line.
    const { value: answer } = await lines[Symbol.asyncIterator]().next();
    if (typeof answer !== 'string' || answer.trim() !== 'yes')
      throw new CancelledError('not confirmed; nothing was done');
  } finally {
    lines.close();
  }
}
