import { createHash, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import type { ChainHead, CheckpointRow } from './audit-row.ts';
import { toCanonicalJson } from './canonical-json.ts';

/** Signs how far a chain has come, with an Ed25519 key (RFC 8032): 64 bytes. */
export function signCheckpoint(head: ChainHead, privateKey: KeyObject): Buffer {
  return sign(null, toSignedData(head), privateKey);
}

/** Whether a key has signed a checkpoint. */
export function isCheckpointOf(checkpoint: CheckpointRow, publicKey: KeyObject): boolean {
  return verify(null, toSignedData(checkpoint), publicKey, checkpoint.signature);
}

/** The name of a key: the first 16 hexadecimal digits of the SHA-256 of its DER form (SubjectPublicKeyInfo). */
export function checkpointKeyId(key: KeyObject): string {
  const publicKey = key.type === 'public' ? key : createPublicKey(key);
  return createHash('sha256')
    .update(publicKey.export({ format: 'der', type: 'spki' }))
    .digest('hex')
    .slice(0, 16);
}

/** The purpose stands in what is signed, so that a signature for another purpose never passes for a checkpoint. */
function toSignedData({ tenant_id, seq, hash }: ChainHead): Buffer {
  return Buffer.from(
    toCanonicalJson({ purpose: 'aion-audit-checkpoint', v: 1, tenant_id, seq, hash: hash.toString('hex') }),
  );
}
