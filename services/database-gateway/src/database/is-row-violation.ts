import pg from 'pg';

/** Returns true if PostgreSQL rejected a value or a row, and would reject it again: SQLSTATE classes 22 and 23. */
export function isRowViolation(thrown: unknown): boolean {
  return thrown instanceof pg.DatabaseError && /^2[23]/.test(thrown.code ?? '');
}
