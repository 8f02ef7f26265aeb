import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { DirectoryObjectStore } from '@aion/object-store';
import { describeObjectStore, listAll } from './object-store.conformance.ts';

const roots: string[] = [];
async function makeRoot(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'aion-objects-'));
  roots.push(root);
  return root;
}
afterAll(async () => {
  for (const root of roots) await rm(root, { recursive: true });
});

describeObjectStore('directory', async () => new DirectoryObjectStore(join(await makeRoot(), 'created')));

describe('DirectoryObjectStore on disk', () => {
  it('creates files and folders that other users cannot read', async () => {
    const root = await makeRoot();
    await new DirectoryObjectStore(root).put('a/b', Buffer.from('x'));
    expect((await stat(join(root, 'a/b'))).mode & 0o777).toBe(0o600);
    expect((await stat(join(root, 'a'))).mode & 0o777).toBe(0o700);
  });

  it('shows an object only when it is complete', async () => {
    const root = await makeRoot();
    const store = new DirectoryObjectStore(root);
    const body = new Readable({ read: () => undefined });
    const put = store.put('late', body);
    body.push('half');
    while ((await readdir(join(root, '.incomplete')).catch(() => [])).length === 0) await new Promise(setImmediate);
    expect(await store.head('late')).toBeUndefined();
    expect(await listAll(store, '')).toEqual([]);
    body.push('whole');
    body.push(null);
    expect(await put).toEqual({ bytes: 9 });
    expect(await readdir(join(root, '.incomplete'))).toEqual([]);
  });

  it('destroys the stream when writing to the disk fails', async () => {
    const root = await makeRoot();
    const store = new DirectoryObjectStore(root);
    await store.put('first', Buffer.from('x'));
    await rm(join(root, '.incomplete'), { recursive: true });
    await writeFile(join(root, '.incomplete'), 'no folder');
    const body = Readable.from(['x']);
    await expect(store.put('second', body)).rejects.toMatchObject({ code: 'ENOTDIR' });
    expect(body.destroyed).toBe(true);
  });

  it('deletes uploads that a crashed process left a day ago, and no newer ones', async () => {
    const root = await makeRoot();
    const folder = join(root, '.incomplete');
    await mkdir(folder);
    await writeFile(join(folder, 'old'), 'x');
    await writeFile(join(folder, 'young'), 'x');
    const longAgo = new Date(Date.now() - 25 * 60 * 60 * 1000);
    await utimes(join(folder, 'old'), longAgo, longAgo);
    await new DirectoryObjectStore(root).put('a', Buffer.from('x'));
    expect(await readdir(folder)).toEqual(['young']);
  });

  it('deletes folders that have become empty', async () => {
    const root = await makeRoot();
    const store = new DirectoryObjectStore(root);
    await store.put('a/b/c', Buffer.from('x'));
    await store.put('a/d', Buffer.from('x'));
    await store.delete('a/b/c');
    expect(await readdir(join(root, 'a'))).toEqual(['d']);
    await store.delete('a/d');
    expect((await readdir(root)).sort()).toEqual(['.incomplete']);
  });

  it('handles concurrent puts and deletes in one folder', async () => {
    const store = new DirectoryObjectStore(await makeRoot());
    const worker = async (name: string) => {
      for (let round = 0; round < 40; round += 1) {
        await store.put(`folder/${name}`, Buffer.from('x'));
        expect(await store.head(`folder/${name}`)).toEqual({ bytes: 1 });
        await store.delete(`folder/${name}`);
      }
    };
    await Promise.all(['a', 'b', 'c'].map(worker));
    expect(await listAll(store, '')).toEqual([]);
  });

  it('handles concurrent put and delete of one key', async () => {
    const store = new DirectoryObjectStore(await makeRoot());
    for (let round = 0; round < 40; round += 1) {
      await Promise.all([
        store.put('folder/same', Buffer.from('x')),
        store.delete('folder/same'),
        store.delete('folder/same'),
      ]);
    }
  });

  it('ping fails when the root is not a directory', async () => {
    const file = join(await makeRoot(), 'file');
    await writeFile(file, 'x');
    await expect(new DirectoryObjectStore(file).ping()).rejects.toMatchObject({ code: 'EEXIST' });
  });
});
