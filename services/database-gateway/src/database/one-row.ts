/**
 * Returns the row of a statement that always returns one, such as `INSERT ... RETURNING`.
 * @throws Error when the statement returned no row
 */
export function oneRow<R>([row]: readonly R[]): R {
  if (row === undefined) throw new Error('A statement that always returns one row returned no row.');
  return row;
}
