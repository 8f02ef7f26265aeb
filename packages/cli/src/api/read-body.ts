import { errorCode } from '@aion/errors';
import { UnreachableError } from './api-error.ts';

/** The bytes of an answer as they come. @throws UnreachableError when the connection breaks before their end */
export async function* readBody(answer: Response): AsyncGenerator<Uint8Array> {
  if (answer.body === null) return;
  try {
    yield* answer.body;
  } catch (error) {
    const { origin } = new URL(answer.url);
    throw new UnreachableError(`The answer of ${origin} broke off: ${reasonOf(error)}.`, { cause: error });
  }
}

/** Why fetch has failed: what it throws itself says only that it has. */
export function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  return cause.message || (errorCode(cause) ?? cause.name);
}
