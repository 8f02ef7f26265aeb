import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { UnknownSealingKeyError, UnsealError } from './unseal-error.ts';

/** A secret that only the holders of a sealing key can read. */
export interface Sealed {
  /** Which key it is sealed under; tells nothing of the key. */
  readonly keyId: string;
  /** Nonce (12 bytes), ciphertext, tag (16 bytes). */
  readonly bytes: Buffer;
}

/** Seals and opens secrets. */
export interface Sealer {
  /** The key that new secrets are sealed under. */
  readonly keyId: string;
  /** Whether it can open what is sealed under a key: the current one, or a former one. */
  knows(keyId: string): boolean;
  /** @param context what the secret belongs to, such as `provider_config:<id>`: sealed, it opens there and nowhere else */
  seal(secret: string, context: string): Sealed;
  /**
   * @throws UnknownSealingKeyError when it is sealed under a key that is neither the current nor a former one;
   *   UnsealError when it was changed, or belongs to another context
   */
  open(sealed: Sealed, context: string): string;
}

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Creates a sealer: AES-256-GCM (NIST SP 800-38D) with a random nonce, the context as additional data, and keys derived
 * from secrets by HKDF-SHA-256 (RFC 5869).
 * @param options.key the secret that new secrets are sealed under
 * @param options.formerKeys secrets of before, which still open what was sealed under them
 */
export function createSealer(options: { readonly key: string; readonly formerKeys?: readonly string[] }): Sealer {
  const current = deriveKey(options.key);
  const keys = new Map([options.key, ...(options.formerKeys ?? [])].map(deriveKey).map(({ id, key }) => [id, key]));
  return {
    keyId: current.id,
    knows: (keyId) => keys.has(keyId),
    seal: (secret, context) => {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, current.key, nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(Buffer.from(context));
      const ciphertext = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
      return { keyId: current.id, bytes: Buffer.concat([nonce, ciphertext, cipher.getAuthTag()]) };
    },
    open: ({ keyId, bytes }, context) => {
      const key = keys.get(keyId);
      if (key === undefined) throw new UnknownSealingKeyError(keyId);
      try {
        const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
        decipher.setAAD(Buffer.from(context));
        decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
        const ciphertext = bytes.subarray(NONCE_BYTES, -TAG_BYTES);
        return Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString('utf8');
      } catch (error) {
        throw new UnsealError(`What is sealed for ${context} was changed, or belongs to something else.`, {
          cause: error,
        });
      }
    },
  };
}

function deriveKey(secret: string): { readonly id: string; readonly key: Buffer } {
  const derive = (info: string, length: number) => Buffer.from(hkdfSync('sha256', secret, '', info, length));
  return { id: derive('aion sealing key id', 8).toString('hex'), key: derive('aion sealing key', 32) };
}

/** A sealed secret as text: `<key id>.<base64url>`. */
export function toSealedText({ keyId, bytes }: Sealed): string {
  return `${keyId}.${bytes.toString('base64url')}`;
}

/** Reads what `toSealedText` wrote. @throws UnsealError for any other text */
export function parseSealedText(text: string): Sealed {
  const [, keyId, bytes] = /^([0-9a-f]{16})\.([A-Za-z0-9_-]{38,})$/.exec(text) ?? [];
  if (keyId === undefined || bytes === undefined) throw new UnsealError('The text is not a sealed secret.');
  return { keyId, bytes: Buffer.from(bytes, 'base64url') };
}
