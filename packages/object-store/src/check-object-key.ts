import { InvalidObjectKeyError } from './object-store-errors.ts';

const MAX_KEY_BYTES = 1024;
const MAX_SEGMENT_BYTES = 255;

/** The folder of a directory store in which objects grow until they are whole. */
export const INCOMPLETE_FOLDER = '.incomplete';

/**
 * Refuses what is not a relative path of plain names: empty, `.` and `..` segments, backslashes, control
 * characters, more than 1024 bytes in all or 255 in one segment.
 * @throws {InvalidObjectKeyError}
 */
export function checkObjectKey(key: string): void {
  const segments = key.split('/');
  if (Buffer.byteLength(key) > MAX_KEY_BYTES)
    throw new InvalidObjectKeyError(key, `it is longer than ${MAX_KEY_BYTES} bytes`);
  if (/[\u0000-\u001f\u007f\\]/.test(key))
    throw new InvalidObjectKeyError(key, 'it has a control character or a backslash');
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..')) {
    throw new InvalidObjectKeyError(key, 'it has an empty segment, "." or ".."');
  }
  if (segments.some((segment) => Buffer.byteLength(segment) > MAX_SEGMENT_BYTES)) {
    throw new InvalidObjectKeyError(key, `a segment is longer than ${MAX_SEGMENT_BYTES} bytes`);
  }
  if (segments[0] === INCOMPLETE_FOLDER) throw new InvalidObjectKeyError(key, `${INCOMPLETE_FOLDER} is reserved`);
}
