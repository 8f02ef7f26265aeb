import { assertFutureExpiry } from '@aion/http';
import { parseEncryptedText, toEncryptedText, type Encryption } from '@aion/encryption';
import { v7 as uuidv7 } from 'uuid';
import { generateApiKey, type KeyKind } from './api-key.ts';
import { hashApiKey } from './hash-api-key.ts';

/** A new key in the form in which it is stored. */
export interface IssuedKey {
  readonly id: string;
  readonly prefix: string;
  readonly key_hash: string;
  /** The key itself, encrypted, so that a repeated request gets the same answer. */
  readonly sealed_key: string;
}

/** Issues keys, and shows them in the answer to the request that created them. */
export interface KeyIssuer {
  /** @throws InvalidRequestError when `expiresAt` is in the past */
  issue(kind: KeyKind, expiresAt: string | null | undefined): IssuedKey;
  /** Replaces the encrypted key in an answer with the key. @throws DecryptionError */
  decryptKey<A extends Pick<IssuedKey, 'id' | 'sealed_key'>>(
    stored: A,
  ): Omit<A, 'sealed_key'> & { readonly key: string };
}

/** Creates the issuer of keys, which are stored as hashes with the pepper. */
export function createKeyIssuer(options: { readonly pepper: string; readonly encryption: Encryption }): KeyIssuer {
  const { pepper, encryption } = options;
  return {
    issue: (kind, expiresAt) => {
      assertFutureExpiry(expiresAt);
      const id = uuidv7();
      const { key, prefix } = generateApiKey(kind);
      const encryptedKey = toEncryptedText(encryption.encrypt(key, contextOf(id)));
      return { id, prefix, key_hash: hashApiKey(key, pepper), sealed_key: encryptedKey };
    },
    decryptKey: ({ sealed_key: encrypted, ...shown }) => ({
      ...shown,
      key: encryption.decrypt(parseEncryptedText(encrypted), contextOf(shown.id)),
    }),
  };
}

/** Returns the encryption context of a key: it decrypts in the answer for its own id only. */
function contextOf(id: string): string {
  return `key:${id}`;
}
