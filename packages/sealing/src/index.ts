export { createSealer, parseSealedText, toSealedText, type Sealed, type Sealer } from './create-sealer.ts';
export { UnknownSealingKeyError, UnsealError } from './unseal-error.ts';
