import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canReach } from '../src/find-postgres-binaries.ts';

describe('canReach', () => {
  it('checks every directory above with the permissions of the given user', async () => {
    const home = await mkdtemp(join(tmpdir(), 'aion-embedded-'));
    const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    const stranger = { uid: 65_533, gid: 65_533 };
    const deep = join(home, 'a', 'b');
    try {
      await mkdir(deep, { recursive: true });
      expect(await canReach(deep, owner)).toBe(true);
      expect(await canReach(deep, stranger)).toBe(false);
      await chmod(home, 0o711);
      expect(await canReach(deep, stranger)).toBe(true);
      await chmod(join(home, 'a'), 0o750);
      expect(await canReach(deep, stranger)).toBe(false);
      expect(await canReach(deep, { ...stranger, gid: owner.gid })).toBe(true);
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  });
});
