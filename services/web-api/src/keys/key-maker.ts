import { InvalidRequestError } from '@aion/errors';
import { parseEncryptedText, toEncryptedText, type Encryption } from '@aion/encryption';
import { v7 as uuidv7 } from 'uuid';
import { generateApiKey, type KeyKind } from './api-key-format.ts';
import { hashApiKey } from './key-hash.ts';

/** What is stored of a key. */
export interface StoredKeyParts {
  readonly id: string;
  readonly prefix: string;
  readonly key_hash: string;
  /** The key itself, encrypted, so that a repeated request gets the same answer. */
  readonly sealed_key: string;
}

/** Makes keys, and shows them in the answer to the request that made them. */
export interface KeyMaker {
  /** @throws InvalidRequestError for an end that has passed */
  make(kind: KeyKind, expiresAt: string | null | undefined): StoredKeyParts;
  /** The answer with the key in place of its encrypted form. @throws DecryptionError */
  show<A extends Pick<StoredKeyParts, 'id' | 'sealed_key'>>(
    stored: A,
  ): Omit<A, 'sealed_key'> & { readonly key: string };
}

const contextOf = (id: string): string => `key:${id}`;

/** Creates the maker of keys that are stored by their hash under the pepper. */
export function createKeyMaker({
  pepper,
  encryption,
}: {
  readonly pepper: string;
  readonly encryption: Encryption;
}): KeyMaker {
  return {
    make: (kind, expiresAt) => {
      assertFuture(expiresAt);
      const id = uuidv7();
      const { key, prefix } = generateApiKey(kind);
      const encryptedKey = toEncryptedText(encryption.encrypt(key, contextOf(id)));
      return { id, prefix, key_hash: hashApiKey(key, pepper), sealed_key: encryptedKey };
    },
    show: ({ sealed_key: encrypted, ...shown }) => ({
      ...shown,
      key: encryption.decrypt(parseEncryptedText(encrypted), contextOf(shown.id)),
    }),
  };
}

function assertFuture(expiresAt: string | null | undefined): void {
  if (typeof expiresAt !== 'string' || Date.parse(expiresAt) > Date.now()) return;
  throw new InvalidRequestError(`expires_at is ${expiresAt}, which has passed.`, {
    param: 'expires_at',
    fields: [{ pointer: '/expires_at', detail: 'must be in the future' }],
  });
}
