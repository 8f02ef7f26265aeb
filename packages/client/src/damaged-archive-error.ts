/** A downloaded archive differs from the bundle that the API lists. */
export class DamagedArchiveError extends Error {
  override readonly name = 'DamagedArchiveError';

  constructor(reason: string) {
    super(`The archive is damaged: ${reason}. It was removed; download it again.`);
  }
}
