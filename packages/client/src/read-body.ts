import { fetchErrorReason } from './fetch-error-reason.ts';
import { UnreachableError } from './unreachable-error.ts';

/** Yields the bytes of a response as they arrive. @throws UnreachableError when the connection breaks before the end */
export async function* readBody(response: Response): AsyncGenerator<Uint8Array> {
  if (response.body === null) return;
  try {
    yield* response.body;
  } catch (error) {
    const { origin } = new URL(response.url);
    throw new UnreachableError(`The answer of ${origin} was interrupted: ${fetchErrorReason(error)}.`, {
      cause: error,
    });
  }
}
