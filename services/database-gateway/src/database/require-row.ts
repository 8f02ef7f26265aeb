import { NotFoundError } from '@aion/errors';

/**
 * Returns the row of a statement that finds at most one.
 * @param message names what was not found: `There is no project <id>.`
 * @param param name of the field of the request that names the row, when it is not part of the path
 * @throws NotFoundError when the statement returned no row
 */
export function requireRow<R>([row]: readonly R[], message: string, param?: string): R {
  if (row === undefined) throw new NotFoundError(message, param === undefined ? {} : { param });
  return row;
}
