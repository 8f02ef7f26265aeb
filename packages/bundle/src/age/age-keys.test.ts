import { bech32 } from '@scure/base';
import { formatAgeRecipient, parseAgeRecipient } from './age-recipient.ts';
import { InvalidIdentityError } from './invalid-identity-error.ts';
import { InvalidRecipientError } from './invalid-recipient-error.ts';
import { generateAgeIdentity, parseAgeIdentity } from './parse-age-identity.ts';

const { identity, recipient } = generateAgeIdentity();

function flip(text: string): string {
  return text.slice(0, -1) + (text.endsWith('q') ? 'p' : 'q');
}

/** Returns 2^255 - 19 + `offset`, little-endian: the smallest number that is not canonical, and its neighbours. */
function prime(offset: number): Buffer {
  const bytes = Buffer.alloc(32, 0xff);
  bytes[0] = 0xed + offset;
  bytes[31] = 0x7f;
  return bytes;
}

describe('parseAgeRecipient', () => {
  it('accepts a generated recipient, also with a trailing line break', () => {
    expect(parseAgeRecipient(recipient)).toEqual({ text: recipient, point: parseAgeIdentity(identity)[0]?.point });
    expect(parseAgeRecipient(`${recipient}\n`).text).toBe(recipient);
  });

  it('accepts the largest canonical point', () => {
    expect(() => parseAgeRecipient(formatAgeRecipient(prime(-2)))).not.toThrow();
  });

  it.each([
    ['an empty text', '', /Bech32/],
    ['a changed character', flip(recipient), /Bech32 checksum/],
    ['upper case', recipient.toUpperCase(), /lower case/],
    ['another prefix', bech32.encodeFromBytes('agf', Buffer.alloc(32, 9)), /prefix is "agf"/],
    ['31 bytes', bech32.encodeFromBytes('age', Buffer.alloc(31, 9)), /has 31 bytes/],
    ['33 bytes', bech32.encodeFromBytes('age', Buffer.alloc(33, 9)), /has 33 bytes/],
    ['two lines', `${recipient}\n${recipient}`, /exactly one line/],
    ['two words', `${recipient} ${recipient}`, /exactly one line/],
    ['the prime itself', formatAgeRecipient(prime(0)), /not canonical/],
    ['a point above the prime', formatAgeRecipient(prime(5)), /not canonical/],
    ['a set top bit', formatAgeRecipient(Buffer.alloc(32, 0x89)), /not canonical/],
    ['the point 0 of low order', formatAgeRecipient(Buffer.alloc(32)), /low order/],
    ['the point 1 of low order', formatAgeRecipient(Buffer.concat([Buffer.from([1]), Buffer.alloc(31)])), /low order/],
    ['the point -1 of low order', formatAgeRecipient(prime(-1)), /low order/],
    [
      'a point of order 8',
      formatAgeRecipient(Buffer.from('e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800', 'hex')),
      /low order/,
    ],
    ['a post-quantum recipient', 'age1pq1qqqq', /not supported yet/],
    ['an SSH key', 'ssh-ed25519', /not supported yet/],
  ])('rejects %s', (_name, text, message) => {
    expect(() => parseAgeRecipient(text)).toThrow(InvalidRecipientError);
    expect(() => parseAgeRecipient(text)).toThrow(message);
  });

  it('rejects a secret identity without repeating it', () => {
    expect(() => parseAgeRecipient(identity)).toThrow(/secret age identity/);
    expect(() => parseAgeRecipient(identity)).not.toThrow(identity.slice(16, 30));
  });
});

describe('parseAgeIdentity', () => {
  it('parses a file with comments, blank lines and several keys', () => {
    const other = generateAgeIdentity();
    const text = `# public key: ${recipient}\r\n${identity}\r\n\n${other.identity}\n`;
    expect(parseAgeIdentity(text).map(({ point }) => formatAgeRecipient(point))).toEqual([recipient, other.recipient]);
  });

  it.each([
    ['a file without a key', '# nothing\n', /no AGE-SECRET-KEY-1 line/],
    ['a recipient', recipient, /Line 1 .* does not begin with/],
    ['a wrong checksum', `#\n${flip(identity.toLowerCase()).toUpperCase()}`, /Line 2 .* checksum/],
    ['a short key', bech32.encodeFromBytes('age-secret-key-', Buffer.alloc(31, 1)).toUpperCase(), /has 31 bytes/],
  ])('rejects %s without repeating it', (_name, text, message) => {
    expect(() => parseAgeIdentity(text)).toThrow(InvalidIdentityError);
    expect(() => parseAgeIdentity(text)).toThrow(message);
    expect(() => parseAgeIdentity(text)).not.toThrow(/SECRET-KEY-1[A-Z0-9]{8}/);
  });
});
