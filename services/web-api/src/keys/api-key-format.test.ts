import { crc32 } from 'node:zlib';
import { generateApiKey, prefixOfApiKey } from './api-key-format.ts';

describe('an API key', () => {
  it('has the form aion_sk_<prefix>_<secret><checksum> and gives its prefix back', () => {
    const { key, prefix } = generateApiKey();
    expect(key).toMatch(/^aion_sk_[a-z0-9]{12}_[A-Za-z0-9]{38}$/);
    expect(prefixOfApiKey(key)).toBe(prefix);
    expect(key.split('_')[2]).toBe(prefix);
  });

  it('is different each time, in prefix and in secret', () => {
    const keys = Array.from({ length: 200 }, generateApiKey);
    expect(new Set(keys.map(({ prefix }) => prefix)).size).toBe(200);
    expect(new Set(keys.map(({ key }) => key.slice(21))).size).toBe(200);
  });

  it('has the CRC-32 of what comes before it as six digits of base 62', () => {
    const { key } = generateApiKey();
    const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
    const value = Array.from(key.slice(-6)).reduce((sum, digit) => sum * 62 + digits.indexOf(digit), 0);
    expect(value).toBe(crc32(key.slice(0, -6)));
  });

  it('is refused when any one of its characters is another', () => {
    const { key } = generateApiKey();
    for (let position = 0; position < key.length; position += 1) {
      const other = key[position] === 'b' ? 'c' : 'b';
      expect(prefixOfApiKey(key.slice(0, position) + other + key.slice(position + 1))).toBeUndefined();
    }
  });

  it.each(['', 'sk-abc', 'aion_sk_', 'aion_sk_abc_def', `${generateApiKey().key}\n`, ` ${generateApiKey().key}`])(
    'is not %j',
    (text) => {
      expect(prefixOfApiKey(text)).toBeUndefined();
    },
  );
});
