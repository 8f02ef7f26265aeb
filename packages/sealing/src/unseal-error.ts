/** A sealed secret that cannot be opened. */
export class UnsealError extends Error {
  override readonly name: string = 'UnsealError';
}

/** A secret that is sealed under a key which this process does not have. */
export class UnknownSealingKeyError extends UnsealError {
  override readonly name = 'UnknownSealingKeyError';
  readonly keyId: string;

  constructor(keyId: string) {
    super(`It is sealed under the key ${keyId}, which is neither the current sealing key nor one of the former ones.`);
    this.keyId = keyId;
  }
}
