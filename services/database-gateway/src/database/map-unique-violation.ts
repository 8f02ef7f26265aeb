import { ConflictError } from '@aion/errors';
import { isUniqueViolation } from './database-error.ts';

/** Conflict that the violation of a unique constraint means to a client. */
export interface UniqueViolation {
  /** Name of the constraint or index; without it, the violation of any is mapped. */
  readonly constraint?: string;
  readonly message: string;
  /** Name of the field of the request whose value is taken. */
  readonly param?: string;
}

/** Runs a write, and maps the violation of a unique constraint to a `ConflictError`; other errors pass unchanged. */
export async function mapUniqueViolation<T>(violation: UniqueViolation, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const { constraint, message, param } = violation;
    if (!isUniqueViolation(error, constraint)) throw error;
    throw new ConflictError(message, { cause: error, ...(param === undefined ? {} : { param }) });
  }
}
