import { createEncryption, parseEncryptedText, toEncryptedText } from './create-encryption.ts';
import { DecryptionError, UnknownEncryptionKeyError } from './decryption-error.ts';

const OLD = 'an old secret of at least 32 characters';
const NEW = 'a new secret of at least 32 characters!';

describe('createEncryption', () => {
  it.each(['', 'sk-live-123', 'päßwörd \u{1f511}'])('decrypts what it encrypted: %j', (secret) => {
    const encryption = createEncryption({ key: NEW });
    expect(encryption.decrypt(encryption.encrypt(secret, 'provider:1'), 'provider:1')).toBe(secret);
  });

  it('encrypts the same secret to different bytes each time', () => {
    const encryption = createEncryption({ key: NEW });
    expect(encryption.encrypt('x', 'c').bytes).not.toEqual(encryption.encrypt('x', 'c').bytes);
  });

  it('decrypts secrets of a former key and encrypts with the current key', () => {
    const encrypted = createEncryption({ key: OLD }).encrypt('secret', 'c');
    const encryption = createEncryption({ key: NEW, formerKeys: [OLD] });
    expect(encryption.decrypt(encrypted, 'c')).toBe('secret');
    expect(encryption.keyId).not.toBe(encrypted.keyId);
    expect(encryption.encrypt('secret', 'c').keyId).toBe(encryption.keyId);
  });

  it('reports the keys that it can decrypt with', () => {
    const ids = [OLD, NEW].map((key) => createEncryption({ key }).keyId);
    const listKnown = (encryption: { hasKey(keyId: string): boolean }) => ids.map((id) => encryption.hasKey(id));
    expect(listKnown(createEncryption({ key: NEW, formerKeys: [OLD] }))).toEqual([true, true]);
    expect(listKnown(createEncryption({ key: NEW }))).toEqual([false, true]);
  });

  it('names the missing key when it cannot decrypt', () => {
    const encrypted = createEncryption({ key: OLD }).encrypt('secret', 'c');
    expect(() => createEncryption({ key: NEW }).decrypt(encrypted, 'c')).toThrow(UnknownEncryptionKeyError);
    expect(() => createEncryption({ key: NEW }).decrypt(encrypted, 'c')).toThrow(encrypted.keyId);
  });

  it('does not decrypt a secret in another context than it was encrypted for', () => {
    const encryption = createEncryption({ key: NEW });
    const encrypted = encryption.encrypt('secret', 'provider:1');
    expect(() => encryption.decrypt(encrypted, 'provider:2')).toThrow(DecryptionError);
  });

  it('does not decrypt bytes of which any one bit was changed', () => {
    const encryption = createEncryption({ key: NEW });
    const { keyId, bytes } = encryption.encrypt('secret', 'c');
    for (let index = 0; index < bytes.length; index += 1) {
      const changed = Buffer.from(bytes);
      changed[index] = (changed[index] ?? 0) ^ 1;
      expect(() => encryption.decrypt({ keyId, bytes: changed }, 'c')).toThrow(DecryptionError);
    }
    expect(() => encryption.decrypt({ keyId, bytes: Buffer.alloc(5) }, 'c')).toThrow(DecryptionError);
  });
});

describe('parseEncryptedText', () => {
  it('parses the output of toEncryptedText', () => {
    const encrypted = createEncryption({ key: NEW }).encrypt('secret', 'c');
    expect(parseEncryptedText(toEncryptedText(encrypted))).toEqual(encrypted);
  });

  it.each(['', 'x', '0123456789abcdef.', 'secret'])('rejects other text: %j', (text) => {
    expect(() => parseEncryptedText(text)).toThrow(DecryptionError);
  });
});
