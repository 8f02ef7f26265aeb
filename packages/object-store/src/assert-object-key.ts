import { InvalidObjectKeyError } from './invalid-object-key-error.ts';

const MAX_KEY_BYTES = 1024;
const MAX_SEGMENT_BYTES = 255;

/** The folder of a directory store that contains objects until they are complete. */
export const INCOMPLETE_FOLDER = '.incomplete';

/**
 * Checks that a key is a relative path of plain names. Empty, `.` and `..` segments, backslashes, control characters,
 * more than 1024 bytes in total and more than 255 bytes in one segment are invalid.
 * @throws {InvalidObjectKeyError}
 */
export function assertObjectKey(key: string): void {
  const segments = key.split('/');
  if (Buffer.byteLength(key) > MAX_KEY_BYTES)
    throw new InvalidObjectKeyError(key, `it is longer than ${MAX_KEY_BYTES} bytes`);
  if (/[\u0000-\u001f\u007f\\]/.test(key))
    throw new InvalidObjectKeyError(key, 'it contains a control character or a backslash');
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..')) {
    throw new InvalidObjectKeyError(key, 'it contains an empty segment, "." or ".."');
  }
  if (segments.some((segment) => Buffer.byteLength(segment) > MAX_SEGMENT_BYTES)) {
    throw new InvalidObjectKeyError(key, `a segment is longer than ${MAX_SEGMENT_BYTES} bytes`);
  }
  if (segments[0] === INCOMPLETE_FOLDER) throw new InvalidObjectKeyError(key, `${INCOMPLETE_FOLDER} is reserved`);
}
