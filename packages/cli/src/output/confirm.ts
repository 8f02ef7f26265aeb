import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { CancelledError, UsageError } from '../usage-error.ts';

/** Whom is asked. */
export interface Person {
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Writable & { readonly isTTY?: boolean };
}

/**
 * Asks before something is done that cannot be undone.
 * @throws UsageError when nobody can be asked; CancelledError when the answer is not `yes`
 */
export async function confirm(what: string, { input, output }: Person): Promise<void> {
  if (input.isTTY !== true || output.isTTY !== true) {
    throw new UsageError(`${what}. Nobody can be asked here: add --yes to do it.`);
  }
  output.write(`${what}.\nType "yes" to go on: `);
  const lines = createInterface({ input, terminal: false });
  try {
    // Ends without a line when the input does.
    const { value: answer } = await lines[Symbol.asyncIterator]().next();
    if (typeof answer !== 'string' || answer.trim() !== 'yes') throw new CancelledError('nothing was done');
  } finally {
    lines.close();
  }
}
