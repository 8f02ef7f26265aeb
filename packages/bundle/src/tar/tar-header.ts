import { InvalidBundleError } from '../invalid-bundle-error.ts';

/** Size of the blocks of headers and padding (POSIX.1-2017, pax, "ustar Interchange Format"). */
export const BLOCK_BYTES = 512;

const MAX_NAME_BYTES = 100;
const MAX_PREFIX_BYTES = 155;
/** The largest number of 11 octal digits. */
const MAX_OCTAL = 0o77777777777;

/** The decoded fields of one header block. */
export interface TarHeader {
  readonly path: string;
  readonly bytes: number;
  readonly type: string;
}

/** Returns the number of bytes up to the next block boundary. */
export function paddingOf(bytes: number): number {
  return (BLOCK_BYTES - (bytes % BLOCK_BYTES)) % BLOCK_BYTES;
}

/** Encodes the header of one regular file: a ustar block, preceded by a pax header if path or size do not fit. */
export function encodeTarHeader(path: string, bytes: number, mtime: Date): Buffer {
  const mtimeSeconds = Math.floor(mtime.getTime() / 1000);
  const split = splitPath(path);
  const pax = [
    ...(split === undefined ? [encodePaxRecord('path', path)] : []),
    ...(bytes > MAX_OCTAL ? [encodePaxRecord('size', String(bytes))] : []),
  ].join('');
  const { prefix, name } = split ?? { prefix: '', name: 'long-path' };
  const block = encodeBlock(prefix, name, bytes > MAX_OCTAL ? 0 : bytes, '0', mtimeSeconds);
  if (pax === '') return block;
  const data = Buffer.from(pax);
  const paxBlock = encodeBlock('', 'PaxHeaders/0', data.length, 'x', mtimeSeconds);
  return Buffer.concat([paxBlock, data, Buffer.alloc(paddingOf(data.length)), block]);
}

/** Decodes one header block; returns `undefined` for the zero block that ends an archive. */
export function decodeTarHeader(block: Buffer): TarHeader | undefined {
  if (block.every((byte) => byte === 0)) return undefined;
  if (decodeNumber(block, 148, 8) !== checksumOf(block)) {
    throw new InvalidBundleError('A tar header has a wrong checksum: the file is not a tar archive, or it is damaged.');
  }
  const prefix = decodeText(block, 257, 6) === 'ustar' ? decodeText(block, 345, MAX_PREFIX_BYTES) : '';
  const name = decodeText(block, 0, MAX_NAME_BYTES);
  const type = decodeText(block, 156, 1) || '0';
  return { path: prefix === '' ? name : `${prefix}/${name}`, bytes: decodeNumber(block, 124, 12), type };
}

/** Decodes the records of a pax extended header, by key. */
export function decodePaxRecords(data: Buffer): Map<string, string> {
  const records = new Map<string, string>();
  let start = 0;
  while (start < data.length) {
    const space = data.indexOf(' ', start);
    const length = Number(data.toString('latin1', start, space));
    const record = data.toString('utf8', space + 1, start + length - 1);
    const equals = record.indexOf('=');
    if (space === -1 || !Number.isInteger(length) || length < 1 || equals === -1) {
      throw new InvalidBundleError('A pax header of the tar archive is malformed.');
    }
    records.set(record.slice(0, equals), record.slice(equals + 1));
    start += length;
  }
  return records;
}

function checksumOf(block: Buffer): number {
  // The checksum field itself counts as eight spaces.
  return block.reduce((sum, byte, index) => sum + (index >= 148 && index < 156 ? 32 : byte), 0);
}

/** Splits a path at a slash so that both parts fit their fields; returns `undefined` when no slash allows it. */
function splitPath(path: string): { prefix: string; name: string } | undefined {
  if (Buffer.byteLength(path) <= MAX_NAME_BYTES) return { prefix: '', name: path };
  for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
    const prefix = path.slice(0, slash);
    const name = path.slice(slash + 1);
    const fits = Buffer.byteLength(prefix) <= MAX_PREFIX_BYTES && Buffer.byteLength(name) <= MAX_NAME_BYTES;
    if (fits && name !== '') return { prefix, name };
  }
  return undefined;
}

function encodeBlock(prefix: string, name: string, bytes: number, type: string, mtimeSeconds: number): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, '0');
  block.write(name, 0, MAX_NAME_BYTES, 'utf8');
  block.write(octal(0o644, 7), 100);
  block.write(octal(0, 7), 108);
  block.write(octal(0, 7), 116);
  block.write(octal(bytes, 11), 124);
  block.write(octal(mtimeSeconds, 11), 136);
  block.write(type, 156);
  block.write('ustar\0' + '00', 257);
  block.write(prefix, 345, MAX_PREFIX_BYTES, 'utf8');
  block.write(`${octal(checksumOf(block), 6)}\0 `, 148);
  return block;
}

/** Encodes one record of a pax extended header; its length includes the digits of the length. */
function encodePaxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = Buffer.byteLength(rest);
  while (Buffer.byteLength(`${length}${rest}`) !== length) length += 1;
  return `${length}${rest}`;
}

function decodeText(block: Buffer, start: number, length: number): string {
  const field = block.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end === -1 ? length : end);
}

function decodeNumber(block: Buffer, start: number, length: number): number {
  const first = block[start] ?? 0;
  // GNU tar writes sizes of 8 GiB and more as big-endian bytes after a set top bit.
  const isBinary = (first & 0x80) !== 0;
  const value = isBinary
    ? Number(block.readBigUInt64BE(start + length - 8))
    : Number.parseInt(decodeText(block, start, length).trim() || '0', 8);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new InvalidBundleError('A tar header contains an invalid number.');
  return value;
}
