import { createSealer, parseSealedText, toSealedText } from './create-sealer.ts';
import { UnknownSealingKeyError, UnsealError } from './unseal-error.ts';

const OLD = 'an old secret of at least 32 characters';
const NEW = 'a new secret of at least 32 characters!';

describe('a sealer', () => {
  it.each(['', 'sk-live-123', 'päßwörd \u{1f511}'])('opens what it has sealed: %j', (secret) => {
    const sealer = createSealer({ key: NEW });
    expect(sealer.open(sealer.seal(secret, 'provider:1'), 'provider:1')).toBe(secret);
  });

  it('seals the same secret differently each time', () => {
    const sealer = createSealer({ key: NEW });
    expect(sealer.seal('x', 'c').bytes).not.toEqual(sealer.seal('x', 'c').bytes);
  });

  it('opens what a former key has sealed, and seals under the new one', () => {
    const sealed = createSealer({ key: OLD }).seal('secret', 'c');
    const sealer = createSealer({ key: NEW, formerKeys: [OLD] });
    expect(sealer.open(sealed, 'c')).toBe('secret');
    expect(sealer.keyId).not.toBe(sealed.keyId);
    expect(sealer.seal('secret', 'c').keyId).toBe(sealer.keyId);
  });

  it('knows the keys that it can open with', () => {
    const ids = [OLD, NEW].map((key) => createSealer({ key }).keyId);
    const knownTo = (sealer: { knows(keyId: string): boolean }) => ids.map((id) => sealer.knows(id));
    expect(knownTo(createSealer({ key: NEW, formerKeys: [OLD] }))).toEqual([true, true]);
    expect(knownTo(createSealer({ key: NEW }))).toEqual([false, true]);
  });

  it('names the key that it lacks', () => {
    const sealed = createSealer({ key: OLD }).seal('secret', 'c');
    expect(() => createSealer({ key: NEW }).open(sealed, 'c')).toThrow(UnknownSealingKeyError);
    expect(() => createSealer({ key: NEW }).open(sealed, 'c')).toThrow(sealed.keyId);
  });

  it('opens nothing in another place than it was sealed for', () => {
    const sealer = createSealer({ key: NEW });
    const sealed = sealer.seal('secret', 'provider:1');
    expect(() => sealer.open(sealed, 'provider:2')).toThrow(UnsealError);
  });

  it('opens nothing of which one bit was changed, wherever it stands', () => {
    const sealer = createSealer({ key: NEW });
    const { keyId, bytes } = sealer.seal('secret', 'c');
    for (let index = 0; index < bytes.length; index += 1) {
      const changed = Buffer.from(bytes);
      changed[index] = (changed[index] ?? 0) ^ 1;
      expect(() => sealer.open({ keyId, bytes: changed }, 'c')).toThrow(UnsealError);
    }
    expect(() => sealer.open({ keyId, bytes: Buffer.alloc(5) }, 'c')).toThrow(UnsealError);
  });
});

describe('sealed text', () => {
  it('is read as it was written', () => {
    const sealed = createSealer({ key: NEW }).seal('secret', 'c');
    expect(parseSealedText(toSealedText(sealed))).toEqual(sealed);
  });

  it.each(['', 'x', '0123456789abcdef.', 'secret'])('is told from other text: %j', (text) => {
    expect(() => parseSealedText(text)).toThrow(UnsealError);
  });
});
