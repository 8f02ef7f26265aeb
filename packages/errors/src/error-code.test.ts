import { statSync } from 'node:fs';
import { errorCode } from './error-code.ts';
import { errorMessage } from './error-message.ts';

describe('error code', () => {
  it('is read from a system error', () => {
    expect.assertions(2);
    try {
      statSync('/no/such/file');
    } catch (error) {
      expect(errorCode(error)).toBe('ENOENT');
      expect(errorMessage(error)).toContain('no such file');
    }
  });

  it.each([[undefined], [null], ['ENOENT'], [{}], [{ code: 20 }], [new Error('x')]])(
    'is undefined for %p',
    (thrown) => {
      expect(errorCode(thrown)).toBeUndefined();
    },
  );
});
