import { createHash, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import type { ChainHead, CheckpointRow } from './audit-row.ts';
import { toCanonicalJson } from './to-canonical-json.ts';

/** Signs the head of a chain with an Ed25519 key (RFC 8032); returns the signature of 64 bytes. */
export function signCheckpoint(head: ChainHead, privateKey: KeyObject): Buffer {
  return sign(null, toSignedData(head), privateKey);
}

/** Returns true if the key has signed the checkpoint. */
export function verifyCheckpoint(checkpoint: CheckpointRow, publicKey: KeyObject): boolean {
  return verify(null, toSignedData(checkpoint), publicKey, checkpoint.signature);
}

/** Returns the id of a key: the first 16 hexadecimal digits of the SHA-256 of its DER form (SubjectPublicKeyInfo). */
export function checkpointKeyId(key: KeyObject): string {
  const publicKey = key.type === 'public' ? key : createPublicKey(key);
  return createHash('sha256')
    .update(publicKey.export({ format: 'der', type: 'spki' }))
    .digest('hex')
    .slice(0, 16);
}

/** Returns the signed bytes. They contain the purpose, so that a signature for another purpose is never valid for a checkpoint. */
function toSignedData({ tenant_id, seq, hash }: ChainHead): Buffer {
  return Buffer.from(
    toCanonicalJson({ purpose: 'aion-audit-checkpoint', v: 1, tenant_id, seq, hash: hash.toString('hex') }),
  );
}
