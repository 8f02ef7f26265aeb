import { createHash } from 'node:crypto';

/**
 * Computes the Merkle tree hash of RFC 6962, section 2.1, over the plaintext hashes of the parts in their order. It
 * allows to prove that one part belongs to a table without the others.
 * @returns `sha256:<hex>`
 */
export function computeMerkleRoot(plainSha256s: readonly string[]): string {
  return `sha256:${hashTree(plainSha256s.map((hex) => Buffer.from(hex, 'hex'))).toString('hex')}`;
}

function sha256(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function hashTree(leaves: readonly Buffer[]): Buffer {
  const [only] = leaves;
  if (only === undefined) return sha256();
  if (leaves.length === 1) return sha256(Buffer.from([0]), only);
  const split = 2 ** Math.ceil(Math.log2(leaves.length) - 1);
  return sha256(Buffer.from([1]), hashTree(leaves.slice(0, split)), hashTree(leaves.slice(split)));
}
