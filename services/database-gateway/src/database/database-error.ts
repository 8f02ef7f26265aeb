import { errorCode, UnavailableError } from '@aion/errors';
import pg from 'pg';
import { NoConnectionError } from './no-connection-error.ts';

const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);
/** Space must be freed first. */
const DISK_RETRY_SECONDS = 30;
/** Messages of errors without a code that pg and its pool throw when a connection cannot be opened or is lost. */
const CONNECTION_MESSAGES =
  /timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error|Client was closed|Query read timeout|after calling end on the pool/;

/**
 * Maps a failure that a retry may fix to an `UnavailableError`, and returns any other value unchanged.
 * SQLSTATE classes: 08 connection, 53 resources (53100 is a full disk), 57 operator intervention (57014 is the statement
 * timeout), 40 rollback (serialisation, deadlock), 55P03 lock timeout, 25P03 idle transaction timeout.
 */
export function toDatabaseError(thrown: unknown): unknown {
  if (!isError(thrown)) return thrown;
  const code = errorCode(thrown);
  if (code === '53100') return unavailable('The database has no space left on its disk.', thrown, DISK_RETRY_SECONDS);
  if (code === '57014') return unavailable('The database took too long to answer.', thrown);
  if (code !== undefined && /^(08|53|57P|40|55P03|25P03)/.test(code)) {
    return unavailable('The database is temporarily unavailable.', thrown);
  }
  if (code !== undefined && NETWORK_CODES.has(code)) return unavailable('The database cannot be reached.', thrown);
  if (CONNECTION_MESSAGES.test(thrown.message)) return unavailable('The connection to the database was lost.', thrown);
  return thrown;
}

/** Returns true if Node or pg reported that a connection could not be opened or was lost; PostgreSQL uses a SQLSTATE. */
export function isConnectionFailure(error: Error): boolean {
  return NETWORK_CODES.has(errorCode(error) ?? '') || CONNECTION_MESSAGES.test(error.message);
}

/** Returns true if a pool had no connection in time: all were in use, or a new one took too long to open. */
export function isConnectionTimeout(thrown: unknown): boolean {
  if (thrown instanceof NoConnectionError) return thrown.reason === 'timeout';
  return isError(thrown) && /timeout exceeded when trying to connect|due to connection timeout/.test(thrown.message);
}

/** Returns true if the server rejected a statement with a SQLSTATE; after any other failure its state is unknown. */
export function isAnswerOfServer(thrown: unknown): boolean {
  return thrown instanceof pg.DatabaseError && thrown.code !== undefined;
}

/** Returns true for the violation of a foreign key. */
export function isForeignKeyViolation(thrown: unknown): boolean {
  return thrown instanceof pg.DatabaseError && thrown.code === '23503';
}

/** Returns true for the violation of a CHECK. */
export function isCheckViolation(thrown: unknown): boolean {
  return thrown instanceof pg.DatabaseError && thrown.code === '23514';
}

/** Returns true for the violation of a unique constraint or index, or of the named one if a name is passed. */
export function isUniqueViolation(thrown: unknown, constraint?: string): boolean {
  if (!(thrown instanceof pg.DatabaseError) || thrown.code !== '23505') return false;
  return constraint === undefined || thrown.constraint === constraint;
}

/**
 * Returns true for an error of any realm: in the sandbox of a test, errors of Node are not instances of its `Error`.
 */
export function isError(thrown: unknown): thrown is Error {
  return Object.prototype.toString.call(thrown) === '[object Error]';
}

function unavailable(message: string, cause: Error, retryAfterSeconds = 1): UnavailableError {
  return new UnavailableError(message, { cause, retryAfterSeconds });
}
