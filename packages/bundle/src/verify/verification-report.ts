/** Result of one check. */
export interface VerificationCheck {
  /** Such as `signature` or `table public.messages`. */
  readonly name: string;
  readonly ok: boolean;
  /** The finding, for people. */
  readonly message: string;
}

/** Result of {@link verifyBundle}. */
export interface VerificationReport {
  /** True if every check passed. */
  readonly ok: boolean;
  /** True if the content was decrypted and checked; without an identity only the clear layer is. */
  readonly contentChecked: boolean;
  /** True if the signing key is equal to the trusted one; false when no trusted key was given. */
  readonly signerTrusted: boolean;
  readonly exportId: string | undefined;
  /** The key that signed the bundle, in the OpenSSH format, if the signature is valid. */
  readonly signer: string | undefined;
  readonly checks: readonly VerificationCheck[];
  /** Checked files of the payload and their bytes; with an identity also tables and rows. */
  readonly totals: { readonly files: number; readonly bytes: number; readonly tables: number; readonly rows: number };
}

/** Progress of a verification, in bytes read of the files of the bundle. */
export interface VerificationProgress {
  readonly step: 'hashes' | 'content';
  readonly path: string;
  readonly bytes: number;
  /** Estimated from `bag-info.txt`. */
  readonly totalBytes: number;
}
