export {
  createEncryption,
  parseEncryptedText,
  toEncryptedText,
  type EncryptedSecret,
  type Encryption,
} from './create-encryption.ts';
export { DecryptionError, UnknownEncryptionKeyError } from './decryption-error.ts';
