import { DeadlineExceededError, SchemaDriftError, UnavailableError } from '@aion/errors';
import { classifyExportFailure } from './export-failure.ts';

const MAX_ATTEMPTS = 8;

function errorWithCode(code: string): Error {
  return Object.assign(new Error('canary'), { code });
}

describe('classifyExportFailure', () => {
  it.each([
    ['INVALID_RECIPIENT', 1, true, errorWithCode('INVALID_AGE_RECIPIENT')],
    ['ROW_TOO_LARGE', 1, true, errorWithCode('ROW_TOO_LARGE')],
    ['ROW_COUNT_MISMATCH', 2, true, errorWithCode('ROW_COUNT_MISMATCH')],
    ['ROW_UNREADABLE', 2, true, errorWithCode('ROW_KEY_MISSING')],
    ['SCHEMA_DRIFT', 1, false, new SchemaDriftError('canary')],
    ['UNAVAILABLE', MAX_ATTEMPTS, false, new UnavailableError('canary')],
    ['UNAVAILABLE', MAX_ATTEMPTS, false, new DeadlineExceededError('canary')],
    ['EXPORT_FAILED', MAX_ATTEMPTS, false, errorWithCode('ENOSPC')],
    ['EXPORT_FAILED', MAX_ATTEMPTS, false, undefined],
  ])('returns %s with %d attempts and quotesData %s for %p', (code, maxAttempts, quotesData, thrown) => {
    const classified = classifyExportFailure(thrown, MAX_ATTEMPTS);
    expect(classified).toMatchObject({ failure: { code }, maxAttempts, quotesData });
    expect(classified.failure.message).not.toContain('canary');
  });
});
