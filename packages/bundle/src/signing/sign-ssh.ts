import { createHash, sign, verify } from 'node:crypto';
import {
  formatSshPublicKey,
  parseSshPublicKey,
  SIGNATURE_NAMESPACE,
  toPublicKeyObject,
  type SigningKey,
} from './signing-key.ts';
import { decodeSshStrings, encodeSshStrings } from './encode-ssh-strings.ts';

const MAGIC = Buffer.from('SSHSIG');
const VERSION = Buffer.from([0, 0, 0, 1]);
const HASH = 'sha512';
const KEY_TYPE = 'ssh-ed25519';
const BEGIN = '-----BEGIN SSH SIGNATURE-----';
const END = '-----END SSH SIGNATURE-----';
const ARMOR = new RegExp(`^${BEGIN}\n((?:[A-Za-z0-9+/=]+\n)+)${END}\n?$`);
const ARMOR_COLUMNS = 70;

/** Result of {@link verifySsh}: the key that made the signature, or the reason why the signature is not valid. */
export type SshVerification =
  { readonly valid: true; readonly publicKey: string } | { readonly valid: false; readonly reason: string };

/** Signs for the namespace `aion-bundle`; returns the armored file for `ssh-keygen -Y verify`. */
export function signSsh(key: SigningKey, message: Uint8Array): string {
  const signature = encodeSshStrings(KEY_TYPE, sign(null, toSignedData(message), key.privateKey));
  const publicKey = encodeSshStrings(KEY_TYPE, parseSshPublicKey(key.publicKey));
  const fields = encodeSshStrings(publicKey, SIGNATURE_NAMESPACE, '', HASH, signature);
  const text = Buffer.concat([MAGIC, VERSION, fields]).toString('base64');
  const lines = text.match(new RegExp(`.{1,${ARMOR_COLUMNS}}`, 'g')) ?? [];
  return [BEGIN, ...lines, END, ''].join('\n');
}

interface ParsedSignature {
  readonly point: Buffer;
  readonly signature: Buffer;
}

/**
 * Verifies an armored signature over `message` for the namespace `aion-bundle`. A valid signature proves only that the
 * returned key made it: compare that key with one from another source.
 */
export function verifySsh(armored: string, message: Uint8Array): SshVerification {
  const parsed = parseSignature(armored);
  if (typeof parsed === 'string') return { valid: false, reason: parsed };
  const publicKey = formatSshPublicKey(parsed.point);
  if (!verify(null, toSignedData(message), toPublicKeyObject(publicKey), parsed.signature)) {
    return { valid: false, reason: 'the signed text was altered, or another key signed it' };
  }
  return { valid: true, publicKey };
}

/** Returns the signed bytes, which contain a hash of the message (OpenSSH PROTOCOL.sshsig, section 3). */
function toSignedData(message: Uint8Array): Buffer {
  const digest = createHash(HASH).update(message).digest();
  return Buffer.concat([MAGIC, encodeSshStrings(SIGNATURE_NAMESPACE, '', HASH, digest)]);
}

/** Parses an armored signature; returns a reason as text when it is not an Ed25519 signature for this namespace. */
function parseSignature(armored: string): ParsedSignature | string {
  const text = ARMOR.exec(armored)?.[1]?.replaceAll('\n', '');
  if (text === undefined) return 'it is not an armored SSH signature';
  const blob = Buffer.from(text, 'base64');
  if (blob.toString('base64') !== text) return 'its Base64 is not canonical';
  const start = Buffer.concat([MAGIC, VERSION]);
  if (!blob.subarray(0, start.length).equals(start)) return 'it is not an SSH signature of version 1';
  const fields = decodeSshStrings(blob.subarray(start.length), 5);
  const [keyBlob, namespace, , hash, signatureBlob] = fields ?? [];
  if (keyBlob === undefined || signatureBlob === undefined) return 'it is truncated or has extra bytes';
  if (namespace?.toString() !== SIGNATURE_NAMESPACE) return `its namespace is not ${SIGNATURE_NAMESPACE}`;
  if (hash?.toString() !== HASH) return `its hash is not ${HASH}`;
  const [keyType, point] = decodeSshStrings(keyBlob, 2) ?? [];
  const [signatureType, signature] = decodeSshStrings(signatureBlob, 2) ?? [];
  const isEd25519 = keyType?.toString() === KEY_TYPE && signatureType?.toString() === KEY_TYPE;
  if (!isEd25519 || point?.length !== 32 || signature?.length !== 64) return 'it is not an Ed25519 signature';
  return { point, signature };
}
