import { ClientClosedRequestError, DeadlineExceededError, errorCode } from '@aion/errors';
import type { DatabaseErrorClass } from '@aion/metrics';
import { isConnectionFailure, isError } from './database-error.ts';

/** SQLSTATEs with a class of their own. */
const BY_SQLSTATE = {
  '23505': 'unique_violation',
  '40001': 'serialization',
  '40P01': 'deadlock',
  '53100': 'disk_full',
  '55P03': 'timeout',
  '57014': 'timeout',
} as const satisfies Readonly<Record<string, DatabaseErrorClass>>;

/** Classes by the first two characters of a SQLSTATE (PostgreSQL, appendix A). */
const BY_SQLSTATE_CLASS = {
  '08': 'connection',
  '22': 'data',
  '23': 'constraint',
  '42': 'statement',
  '53': 'resources',
  '57': 'operator_intervention',
} as const satisfies Readonly<Record<string, DatabaseErrorClass>>;

/** Maps the error of a failed query to its class in metrics. A reader that disconnects counts as `cancelled`. */
export function errorClass(thrown: unknown): DatabaseErrorClass {
  if (thrown instanceof ClientClosedRequestError) return 'cancelled';
  if (thrown instanceof DeadlineExceededError) return 'timeout';
  if (!isError(thrown)) return 'other';
  if (thrown.message === 'Query read timeout') return 'timeout';
  const code = errorCode(thrown);
  if (code === undefined || !/^[0-9A-Z]{5}$/.test(code)) return isConnectionFailure(thrown) ? 'connection' : 'other';
  if (has(BY_SQLSTATE, code)) return BY_SQLSTATE[code];
  const sqlstateClass = code.slice(0, 2);
  return has(BY_SQLSTATE_CLASS, sqlstateClass) ? BY_SQLSTATE_CLASS[sqlstateClass] : 'other';
}

function has<T extends object>(record: T, key: PropertyKey): key is keyof T {
  return Object.hasOwn(record, key);
}
