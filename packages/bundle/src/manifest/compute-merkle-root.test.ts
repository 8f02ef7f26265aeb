import { createHash } from 'node:crypto';
import { computeMerkleRoot } from './compute-merkle-root.ts';

const sha256 = (hex: string) => createHash('sha256').update(Buffer.from(hex, 'hex')).digest('hex');
const leaves = ['11', '22', '33', '44', '55'].map((byte) => byte.repeat(32));
const [a = '', b = '', c = '', d = '', e = ''] = leaves.map((leaf) => sha256(`00${leaf}`));
const node = (left: string, right: string) => sha256(`01${left}${right}`);

describe('computeMerkleRoot', () => {
  it.each([
    ['no part', 0, sha256('')],
    ['one part', 1, a],
    ['two parts', 2, node(a, b)],
    ['three parts', 3, node(node(a, b), c)],
    ['four parts', 4, node(node(a, b), node(c, d))],
    ['five parts', 5, node(node(node(a, b), node(c, d)), e)],
  ])('computes the tree hash of RFC 6962 over %s', (_name, count, root) => {
    expect(computeMerkleRoot(leaves.slice(0, count))).toBe(`sha256:${root}`);
  });
});
