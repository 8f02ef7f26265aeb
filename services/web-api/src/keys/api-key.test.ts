import { crc32 } from 'node:zlib';
import { generateApiKey, parseApiKey } from './api-key.ts';

describe('an API key', () => {
  it('has the form aion_sk_<prefix>_<secret><checksum>, from which its prefix is parsed', () => {
    const { key, prefix } = generateApiKey('sk');
    expect(key).toMatch(/^aion_sk_[a-z0-9]{12}_[A-Za-z0-9]{38}$/);
    expect(parseApiKey(key)).toEqual({ kind: 'sk', prefix });
    expect(key.split('_')[2]).toBe(prefix);
  });

  it('contains its kind', () => {
    const { key, prefix } = generateApiKey('op');
    expect(key).toMatch(/^aion_op_/);
    expect(parseApiKey(key)).toEqual({ kind: 'op', prefix });
    // The checksum covers the kind.
    expect(parseApiKey(key.replace('_op_', '_sk_'))).toBeUndefined();
  });

  it('is unique in its prefix and in its secret', () => {
    const keys = Array.from({ length: 200 }, () => generateApiKey('sk'));
    expect(new Set(keys.map(({ prefix }) => prefix)).size).toBe(200);
    expect(new Set(keys.map(({ key }) => key.slice(21))).size).toBe(200);
  });

  it('ends with the CRC-32 of the preceding text as six digits in base 62', () => {
    const { key } = generateApiKey('sk');
    const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
    const value = Array.from(key.slice(-6)).reduce((sum, digit) => sum * 62 + digits.indexOf(digit), 0);
    expect(value).toBe(crc32(key.slice(0, -6)));
  });

  it('is rejected when any single character is changed', () => {
    const { key } = generateApiKey('sk');
    for (let position = 0; position < key.length; position += 1) {
      const other = key[position] === 'b' ? 'c' : 'b';
      expect(parseApiKey(key.slice(0, position) + other + key.slice(position + 1))).toBeUndefined();
    }
  });

  it.each([
    '',
    'sk-abc',
    'aion_sk_',
    'aion_sk_abc_def',
    `${generateApiKey('sk').key}\n`,
    ` ${generateApiKey('sk').key}`,
  ])('is not parsed from %j', (text) => {
    expect(parseApiKey(text)).toBeUndefined();
  });
});
