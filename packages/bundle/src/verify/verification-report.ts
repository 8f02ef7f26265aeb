/** One thing that was checked. */
export interface VerificationCheck {
  /** Such as `signature` or `table public.messages`. */
  readonly name: string;
  readonly ok: boolean;
  /** What was found, for people. */
  readonly message: string;
}

/** The answer of {@link verifyBundle}. */
export interface VerificationReport {
  /** Whether every check passed. */
  readonly ok: boolean;
  /** Whether the content was decrypted and checked too; without an identity only the clear layer is. */
  readonly contentChecked: boolean;
  /** Whether the signing key was compared with a trusted one and is the same. */
  readonly signerTrusted: boolean;
  readonly exportId: string | undefined;
  /** The key that signed the bundle, in OpenSSH's form, if the signature is valid. */
  readonly signer: string | undefined;
  readonly checks: readonly VerificationCheck[];
  /** What was checked: files of the payload and their bytes, and with an identity tables and rows. */
  readonly totals: { readonly files: number; readonly bytes: number; readonly tables: number; readonly rows: number };
}

/** How far a verification is, in bytes read of the bundle's files. */
export interface VerificationProgress {
  readonly step: 'hashes' | 'content';
  readonly path: string;
  readonly bytes: number;
  /** Estimated from what the bundle says of itself. */
  readonly totalBytes: number;
}
