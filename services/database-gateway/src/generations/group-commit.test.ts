import { createGroupCommit, type GroupItem } from './group-commit.ts';

const MIB = 1_048_576;
let nextId = 0;
const itemOf = (bytes: number): GroupItem => ({ id: String((nextId += 1)), bytes });
const full = { code: 'UNAVAILABLE', retryAfterSeconds: 1 };

/** A commit whose transactions end when the test lets them: one, or all from then on. */
function createHeldCommit() {
  const held: (() => void)[] = [];
  let isOpen = false;
  const commit = createGroupCommit({
    write: async (_tenantId, items) => {
      if (!isOpen) await new Promise<void>((resolve) => held.push(resolve));
      return items.map(() => undefined);
    },
  });
  const letGo = (): void => {
    isOpen = true;
    for (const resolve of held) resolve();
  };
  return { commit, letOneGo: () => held.shift()?.(), letGo };
}

describe('group commit', () => {
  it('limits the bytes of waiting and active items of a tenant, and accepts more after a transaction ends', async () => {
    const { commit, letOneGo, letGo } = createHeldCommit();
    const written = [commit('busy', itemOf(32 * MIB)), commit('busy', itemOf(32 * MIB))];
    await expect(commit('busy', itemOf(1))).rejects.toMatchObject(full);
    // The first is in its transaction by now, and in memory as before.
    await new Promise(setImmediate);
    await expect(commit('busy', itemOf(1))).rejects.toMatchObject(full);
    written.push(commit('other', itemOf(32 * MIB)));
    letOneGo();
    await written[0];
    await new Promise(setImmediate);
    written.push(commit('busy', itemOf(32 * MIB)));
    await expect(commit('busy', itemOf(1))).rejects.toMatchObject(full);
    letGo();
    await Promise.all(written);
  });

  it('limits the bytes of all tenants together', async () => {
    const { commit, letGo } = createHeldCommit();
    const written = ['a', 'b', 'c', 'd'].map((tenant) => commit(tenant, itemOf(64 * MIB)));
    await expect(commit('e', itemOf(1))).rejects.toMatchObject(full);
    letGo();
    await Promise.all(written);
    await commit('e', itemOf(1));
  });

  it('limits the number of waiting items of a tenant', async () => {
    const { commit, letGo } = createHeldCommit();
    const written = Array.from({ length: 4_096 }, () => commit('busy', itemOf(1)));
    await expect(commit('busy', itemOf(1))).rejects.toMatchObject(full);
    letGo();
    await Promise.all(written);
  });
});
