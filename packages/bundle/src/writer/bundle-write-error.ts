/** Why a bundle cannot be written. */
export type BundleWriteErrorCode =
  'ROW_COUNT_MISMATCH' | 'ROW_TOO_LARGE' | 'ROW_INCOMPLETE' | 'ROW_KEY_MISSING' | 'SINK_INCOMPLETE' | 'WRITER_STATE';

/** The export must stop: going on would make a bundle that is not whole. */
export class BundleWriteError extends Error {
  readonly code: BundleWriteErrorCode;

  constructor(code: BundleWriteErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BundleWriteError';
    this.code = code;
  }
}
