import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { DecryptionError, UnknownEncryptionKeyError } from './decryption-error.ts';

/** A secret that only holders of an encryption key can read. */
export interface EncryptedSecret {
  /** Identifies the key that the secret is encrypted with; reveals nothing about the key. */
  readonly keyId: string;
  /** Nonce (12 bytes), ciphertext, tag (16 bytes). */
  readonly bytes: Buffer;
}

/** Encrypts and decrypts secrets. */
export interface Encryption {
  /** Id of the key that new secrets are encrypted with. */
  readonly keyId: string;
  /** Returns true for the id of the current key or of a former one. */
  hasKey(keyId: string): boolean;
  /** @param context the owner of the secret, such as `provider_config:<id>`: the secret decrypts with this context only */
  encrypt(secret: string, context: string): EncryptedSecret;
  /**
   * @throws UnknownEncryptionKeyError when the secret is encrypted with a key that is neither the current nor a former
   *   one; DecryptionError when it was modified or belongs to another context
   */
  decrypt(encrypted: EncryptedSecret, context: string): string;
}

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Creates an encryption: AES-256-GCM (NIST SP 800-38D) with a random nonce, the context as additional data, and keys
 * derived from secrets by HKDF-SHA-256 (RFC 5869).
 * @param options.key the secret that new secrets are encrypted with
 * @param options.formerKeys earlier keys, which still decrypt the secrets that were encrypted with them
 */
export function createEncryption(options: {
  readonly key: string;
  readonly formerKeys?: readonly string[];
}): Encryption {
  const current = deriveKey(options.key);
  const keys = new Map([options.key, ...(options.formerKeys ?? [])].map(deriveKey).map(({ id, key }) => [id, key]));
  return {
    keyId: current.id,
    hasKey: (keyId) => keys.has(keyId),
    encrypt: (secret, context) => {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, current.key, nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(Buffer.from(context));
      const ciphertext = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
      return { keyId: current.id, bytes: Buffer.concat([nonce, ciphertext, cipher.getAuthTag()]) };
    },
    decrypt: ({ keyId, bytes }, context) => {
      const key = keys.get(keyId);
      if (key === undefined) throw new UnknownEncryptionKeyError(keyId);
      try {
        const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
        decipher.setAAD(Buffer.from(context));
        decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
        const ciphertext = bytes.subarray(NONCE_BYTES, -TAG_BYTES);
        return Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString('utf8');
      } catch (error) {
        throw new DecryptionError(`The secret of ${context} was modified, or was encrypted for another context.`, {
          cause: error,
        });
      }
    },
  };
}

/** Formats an encrypted secret as text: `<key id>.<base64url>`. */
export function toEncryptedText({ keyId, bytes }: EncryptedSecret): string {
  return `${keyId}.${bytes.toString('base64url')}`;
}

/** Parses the output of `toEncryptedText`. @throws DecryptionError for any other text */
export function parseEncryptedText(text: string): EncryptedSecret {
  const [, keyId, bytes] = /^([0-9a-f]{16})\.([A-Za-z0-9_-]{38,})$/.exec(text) ?? [];
  if (keyId === undefined || bytes === undefined) throw new DecryptionError('The text is not an encrypted secret.');
  return { keyId, bytes: Buffer.from(bytes, 'base64url') };
}

/** Derives the AES key and its id. The labels are part of the stored format and must not change. */
function deriveKey(secret: string): { readonly id: string; readonly key: Buffer } {
  const derive = (info: string, length: number) => Buffer.from(hkdfSync('sha256', secret, '', info, length));
  return { id: derive('aion sealing key id', 8).toString('hex'), key: derive('aion sealing key', 32) };
}
