import { selectTempDirectory } from './select-temp-directory.ts';

const GIB = 1024 ** 3;
const select = (mount: string, freeBytes = 20 * GIB, env: NodeJS.ProcessEnv = {}) =>
  selectTempDirectory(env, { mounts: `/dev/vda / ext4 rw 0 0\n${mount}\n`, freeBytes: () => freeBytes });

describe('selectTempDirectory', () => {
  it('selects a file system in memory with enough room', () => {
    expect(select('tmpfs /dev/shm tmpfs rw,relatime 0 0')).toBe('/dev/shm');
  });

  it.each([
    ['is small', 'tmpfs /dev/shm tmpfs rw 0 0', GIB],
    ['executes no programs', 'tmpfs /dev/shm tmpfs rw,noexec 0 0', 20 * GIB],
    ['is read-only', 'tmpfs /dev/shm tmpfs ro 0 0', 20 * GIB],
    ['is not in memory', '/dev/vdb /dev/shm ext4 rw 0 0', 20 * GIB],
    ['does not exist', '', 20 * GIB],
  ])('selects the default of the system when the file system %s', (_name, mount, freeBytes) => {
    expect(select(mount, freeBytes)).toBeUndefined();
  });

  it('prefers TMPDIR', () => {
    expect(select('tmpfs /dev/shm tmpfs rw 0 0', 20 * GIB, { TMPDIR: '/var/tmp' })).toBe('/var/tmp');
  });
});
