import { ClientClosedRequestError, DeadlineExceededError } from '@aion/errors';
import { DATABASE_ERROR_CLASSES } from '@aion/metrics';
import { errorClass } from './error-class.ts';

const reached = new Set<string>();
const withCode = (code: string) => Object.assign(new Error('x'), { code });

describe('errorClass', () => {
  it.each([
    ['a unique violation', withCode('23505'), 'unique_violation'],
    ['another constraint', withCode('23503'), 'constraint'],
    ['a serialisation failure', withCode('40001'), 'serialization'],
    ['a deadlock', withCode('40P01'), 'deadlock'],
    ['the statement timeout', withCode('57014'), 'timeout'],
    ['the lock timeout', withCode('55P03'), 'timeout'],
    ['a server that does not answer', new Error('Query read timeout'), 'timeout'],
    ['a server that shuts down', withCode('57P01'), 'operator_intervention'],
    ['a full disk', withCode('53100'), 'disk_full'],
    ['too many connections', withCode('53300'), 'resources'],
    ['a broken statement', withCode('42P01'), 'statement'],
    ['a value out of range', withCode('22003'), 'data'],
    ['a lost connection, from PostgreSQL', withCode('08006'), 'connection'],
    ['a lost connection, from Node', withCode('ECONNRESET'), 'connection'],
    ['a lost connection, from pg', new Error('Connection terminated unexpectedly'), 'connection'],
    ['a reader that has disconnected', new ClientClosedRequestError('x'), 'cancelled'],
    ['a request whose deadline has passed', new DeadlineExceededError('x'), 'timeout'],
    ['a SQLSTATE of another class', withCode('XX000'), 'other'],
    ['a rare rollback', withCode('40003'), 'other'],
    ['an error without a code', new Error('x'), 'other'],
    ['a value that is not an error', 'x', 'other'],
    ['a code that is a property of every object', withCode('constructor'), 'other'],
  ])('maps %s to a class', (_what, thrown, expected) => {
    expect(errorClass(thrown)).toBe(expected);
    reached.add(expected);
  });

  it('uses every class of the metrics catalogue', () => {
    expect([...reached].toSorted()).toEqual(DATABASE_ERROR_CLASSES.toSorted());
  });
});
