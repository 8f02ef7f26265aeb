import { findStartError } from './find-start-error.ts';

const line = (message: string, error?: string) =>
  JSON.stringify({ level: 'error', message, fields: error === undefined ? {} : { error: { message: error } } });

describe('findStartError', () => {
  it('returns the error of a failed start between other lines', () => {
    const log = [line('Request failed', 'not ready'), line('Service failed to start', 'no schema'), line('stopping')];
    expect(findStartError(log.join('\n'))).toBe('no schema');
  });

  it.each([
    ['no failed start', line('Service is stopping')],
    ['a failed start without an error', line('Service failed to start')],
    ['lines that are not JSON', 'error Service failed to start\n{"message":"Service failed to start"'],
    ['nothing', ''],
  ])('returns undefined for a log with %s', (_, log) => {
    expect(findStartError(log)).toBeUndefined();
  });
});
