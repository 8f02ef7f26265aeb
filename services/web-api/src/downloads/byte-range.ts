import { RangeNotSatisfiableError } from '@aion/errors';

/** Range of bytes from `start` to `end`, both inclusive. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

const SINGLE_RANGE = /^bytes=(\d{0,15})-(\d{0,15})$/i;

/**
 * Parses the single range of a `Range` header (RFC 9110, section 14). Returns undefined, which means the complete content,
 * without the header, and for other units, several ranges and malformed values, which a server may ignore. Why this is not
 * a library: docs/adr/0008.
 * @throws RangeNotSatisfiableError when the content has none of the bytes
 */
export function parseByteRange(header: string | undefined, totalBytes: number): ByteRange | undefined {
  const [, first = '', last = ''] = SINGLE_RANGE.exec(header?.trim() ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  if (first === '') return toSuffixRange(Number(last), totalBytes);
  const start = Number(first);
  if (last !== '' && Number(last) < start) return undefined;
  if (start >= totalBytes) throw createRangeError(totalBytes);
  return { start, end: last === '' ? totalBytes - 1 : Math.min(Number(last), totalBytes - 1) };
}

function toSuffixRange(suffixBytes: number, totalBytes: number): ByteRange {
  if (suffixBytes === 0 || totalBytes === 0) throw createRangeError(totalBytes);
  return { start: Math.max(0, totalBytes - suffixBytes), end: totalBytes - 1 };
}

function createRangeError(totalBytes: number): RangeNotSatisfiableError {
  return new RangeNotSatisfiableError(
    `The range is outside of the content, which has ${totalBytes} bytes: request one within it.`,
  );
}
