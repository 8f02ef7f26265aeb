/** Reasons why a bundle cannot be written. */
export type BundleWriteErrorCode =
  'ROW_COUNT_MISMATCH' | 'ROW_TOO_LARGE' | 'ROW_INCOMPLETE' | 'ROW_KEY_MISSING' | 'SINK_INCOMPLETE' | 'WRITER_STATE';

/** A failure that stops the export, since continuing would produce an incomplete bundle. */
export class BundleWriteError extends Error {
  readonly code: BundleWriteErrorCode;

  constructor(code: BundleWriteErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BundleWriteError';
    this.code = code;
  }
}
