/** An encrypted secret that cannot be decrypted. */
export class DecryptionError extends Error {
  override readonly name: string = 'DecryptionError';
}

/** A secret that is encrypted with a key that this process does not have. */
export class UnknownEncryptionKeyError extends DecryptionError {
  override readonly name = 'UnknownEncryptionKeyError';
  readonly keyId: string;

  constructor(keyId: string) {
    super(
      `The secret is encrypted with the key ${keyId}, which is neither the current encryption key nor a former one. ` +
        'Add that key to the former keys.',
    );
    this.keyId = keyId;
  }
}
