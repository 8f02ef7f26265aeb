import { RangeNotSatisfiableError } from '@aion/errors';

/** Bytes `start` to `end`, both inclusive. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

const SINGLE_RANGE = /^bytes=(\d{0,15})-(\d{0,15})$/i;

/**
 * The one range that a `Range` header asks for (RFC 9110, section 14). Undefined means the whole content: without the
 * header, and for units, lists of ranges and malformed values, which a server may pass over.
 * @throws RangeNotSatisfiableError when the content has none of the bytes
 */
export function parseByteRange(header: string | undefined, totalBytes: number): ByteRange | undefined {
  const [, first = '', last = ''] = SINGLE_RANGE.exec(header?.trim() ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  if (first === '') return suffixRange(Number(last), totalBytes);
  const start = Number(first);
  if (last !== '' && Number(last) < start) return undefined;
  if (start >= totalBytes) throw outside(totalBytes);
  return { start, end: last === '' ? totalBytes - 1 : Math.min(Number(last), totalBytes - 1) };
}

function suffixRange(suffixBytes: number, totalBytes: number): ByteRange {
  if (suffixBytes === 0 || totalBytes === 0) throw outside(totalBytes);
  return { start: Math.max(0, totalBytes - suffixBytes), end: totalBytes - 1 };
}

function outside(totalBytes: number): RangeNotSatisfiableError {
  return new RangeNotSatisfiableError(`The range lies outside of the content, which has ${totalBytes} bytes.`);
}
