import { AgeError } from './age-error.ts';

/** The section of one recipient in an age header. */
export interface AgeStanza {
  readonly type: string;
  readonly args: readonly string[];
  readonly body: Uint8Array;
}

/** A parsed header: stanzas, MAC, the bytes that the MAC covers, and the size in bytes. */
export interface AgeHeader {
  readonly stanzas: readonly AgeStanza[];
  readonly mac: Uint8Array;
  readonly authenticated: Uint8Array;
  readonly bytes: number;
}

const VERSION_LINE = 'age-encryption.org/v1';
const COLUMNS = 64;
/** The format sets no limit; this one prevents a hostile file from exhausting memory. */
const MAX_HEADER_BYTES = 256 * 1024;

/** Encodes standard Base64 without padding, as the format requires. */
export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '');
}

/** Decodes unpadded Base64; rejects every encoding but the canonical one. */
export function decodeBase64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (encodeBase64(bytes) !== text) failHeader('a value is not canonical unpadded Base64');
  return bytes;
}

/** Encodes the header up to and including `---`, the bytes that the MAC covers. */
export function encodeAgeHeader(stanzas: readonly AgeStanza[]): Buffer {
  const lines = [VERSION_LINE];
  for (const { type, args, body } of stanzas) {
    lines.push(['->', type, ...args].join(' '));
    const text = encodeBase64(body);
    // The last line is always shorter than a full one, if necessary empty.
    for (let start = 0; start <= text.length; start += COLUMNS) lines.push(text.slice(start, start + COLUMNS));
  }
  lines.push('---');
  return Buffer.from(lines.join('\n'), 'latin1');
}

/**
 * Parses a header from the beginning of a file; returns `undefined` while more bytes are needed.
 * @throws {AgeError} AGE_HEADER_INVALID for anything but the canonical encoding.
 */
export function parseAgeHeader(data: Buffer): AgeHeader | undefined {
  const version = Buffer.from(`${VERSION_LINE}\n`);
  const known = Math.min(version.length, data.length);
  if (data.compare(version, 0, known, 0, known) !== 0)
    failHeader('the file does not begin with the version line of age v1');
  const macStart = data.indexOf('\n---');
  const macEnd = macStart === -1 ? -1 : data.indexOf('\n', macStart + 1);
  if (macEnd === -1) {
    if (data.length > MAX_HEADER_BYTES) failHeader(`it is longer than ${MAX_HEADER_BYTES} bytes`);
    return undefined;
  }
  const parsed = parseLines(data.toString('latin1', 0, macEnd));
  return { ...parsed, authenticated: data.subarray(0, macStart + 4), bytes: macEnd + 1 };
}

function failHeader(reason: string): never {
  throw new AgeError('AGE_HEADER_INVALID', `The age header is not valid: ${reason}.`);
}

function parseStanza(lines: Iterator<string, undefined>, first: string): AgeStanza {
  const [arrow, type, ...args] = first.split(' ');
  if (arrow !== '->' || type === undefined) failHeader('a line is neither a stanza nor the MAC');
  for (const arg of [type, ...args])
    if (!/^[\x21-\x7e]+$/.test(arg)) failHeader('a stanza argument is empty or not ASCII');
  const parts: Buffer[] = [];
  for (;;) {
    const { value: line, done } = lines.next();
    if (done === true || line.length > COLUMNS) failHeader('a stanza body is truncated or has a long line');
    parts.push(decodeBase64(line));
    if (line.length < COLUMNS) return { type, args, body: Buffer.concat(parts) };
  }
}

function parseLines(text: string): Pick<AgeHeader, 'stanzas' | 'mac'> {
  const lines = text.split('\n').values();
  lines.next();
  const stanzas: AgeStanza[] = [];
  for (let line = lines.next(); line.done !== true; line = lines.next()) {
    if (!line.value.startsWith('---')) {
      stanzas.push(parseStanza(lines, line.value));
      continue;
    }
    const mac = /^--- (\S{43})$/.exec(line.value)?.[1];
    if (mac === undefined) failHeader('its MAC line is malformed');
    if (stanzas.length === 0) failHeader('it has no recipient');
    return { stanzas, mac: decodeBase64(mac) };
  }
  return failHeader('it has no MAC');
}
