import { createWriteStream } from 'node:fs';
import { open, readdir, readFile, symlink, link, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describeWithProgram } from '@aion/testkit';
import {
  createTarSource,
  InvalidBundleError,
  layoutTar,
  readTar,
  verifyBundle,
  type OpenRange,
  type TarLayout,
} from '@aion/bundle';
import { runProgram } from './run-program.ts';
import { makeTemporaryDirectory, removeTemporaryDirectories } from './make-temporary-directory.ts';

const mtime = new Date('2026-01-02T03:04:05Z');
const contents = new Map([
  ['bagit.txt', Buffer.from('BagIt\n')],
  ['data/empty', Buffer.alloc(0)],
  ['data/one-block', Buffer.alloc(512, 'b')],
  ['data/more', Buffer.alloc(1025, 'c')],
  [`data/${'long'.repeat(40)}`, Buffer.from('a name of more than 100 bytes')],
  [`${'deep/'.repeat(30)}file`, Buffer.from('a path that is split')],
]);
const files = [...contents].map(([path, content]) => ({ path, bytes: content.length }));
const layout = layoutTar({ exportId: 'export-1', files, mtime });

const openRange: OpenRange = (path, start, end) =>
  Promise.resolve(Readable.from([contents.get(path)?.subarray(start, end + 1)]));

async function read(start?: number, end?: number): Promise<Buffer> {
  return Buffer.concat(await readTar(layout, openRange, start, end).toArray());
}

async function writeArchive(own: TarLayout = layout): Promise<string> {
  const file = join(await makeTemporaryDirectory(), 'bundle.tar');
  await pipeline(readTar(own, openRange), createWriteStream(file));
  return file;
}

afterAll(removeTemporaryDirectories);

describe('readTar and createTarSource', () => {
  it('produce an archive of the stated size, with the same bytes each time', async () => {
    const archive = await read();
    expect(archive.length).toBe(layout.totalBytes);
    expect((await read()).equals(archive)).toBe(true);
  });

  it('return any range of the archive', async () => {
    const archive = await read();
    const edges = layout.segments.flatMap(({ start, bytes }) => [start, start + bytes - 1]);
    for (const start of edges) {
      for (const end of edges.filter((edge) => edge >= start)) {
        expect((await read(start, end)).equals(archive.subarray(start, end + 1))).toBe(true);
      }
    }
  });

  it('open only the files in the range', async () => {
    const opened: string[] = [];
    const spy: OpenRange = (path, start, end) => {
      opened.push(`${path} ${start}-${end}`);
      return openRange(path, start, end);
    };
    const segment = layout.segments.find(({ content }) => 'path' in content && content.path === 'data/more');
    const start = (segment?.start ?? 0) + 10;
    await readTar(layout, spy, start, start + 4).toArray();
    expect(opened).toEqual(['data/more 10-14']);
  });

  it.each([
    [-1, 5],
    [5, 4],
    [0, layout.totalBytes],
    [Number.NaN, 5],
  ])('reject the range %d-%d', (start, end) => {
    expect(() => readTar(layout, openRange, start, end)).toThrow(RangeError);
  });

  it('fail when a file has become shorter', async () => {
    const short: OpenRange = () => Promise.resolve(Readable.from([Buffer.from('x')]));
    await expect(readTar(layout, short).toArray()).rejects.toThrow(/bagit.txt is 5 bytes shorter/);
  });

  it('read an archive without extracting it', async () => {
    const source = createTarSource(await writeArchive());
    expect(await source.list()).toEqual([...contents.keys()]);
    for (const [path, content] of contents) {
      expect(Buffer.concat(await (await source.read(path)).toArray()).equals(content)).toBe(true);
    }
  });

  it('reject a truncated or damaged archive', async () => {
    const cut = await writeArchive();
    await truncate(cut, 2000);
    await expect(createTarSource(cut).list()).rejects.toThrow(InvalidBundleError);
    const damaged = await writeArchive();
    const bytes = await readFile(damaged);
    bytes[3] = 0x7a;
    await writeFile(damaged, bytes);
    await expect(createTarSource(damaged).list()).rejects.toThrow(/wrong checksum/);
  });
});

describeWithProgram('tar', 'tar program', (tar) => {
  it('lists and extracts an archive of readTar', async () => {
    const file = await writeArchive();
    const target = await makeTemporaryDirectory();
    const list = await runProgram(tar, ['-tf', file]);
    expect({ code: list.code, stderr: list.stderr }).toEqual({ code: 0, stderr: '' });
    expect(list.stdout.toString().trim().split('\n')).toEqual([...contents.keys()].map((path) => `export-1/${path}`));
    expect(await runProgram(tar, ['-xf', file, '-C', target])).toMatchObject({ code: 0, stderr: '' });
    for (const [path, content] of contents) {
      expect((await readFile(join(target, 'export-1', path))).equals(content)).toBe(true);
    }
    expect(await readdir(target)).toEqual(['export-1']);
  });

  it('reads a member beyond 8 GiB, as does createTarSource', async () => {
    const bytes = 9 * 1024 ** 3;
    const big = layoutTar({
      exportId: 'e',
      files: [
        { path: 'big', bytes },
        { path: 'after', bytes: 3 },
      ],
      mtime,
    });
    const file = join(await makeTemporaryDirectory(), 'big.tar');
    const handle = await open(file, 'w');
    for (const { start, content } of big.segments)
      if (Buffer.isBuffer(content)) await handle.write(content, 0, content.length, start);
    await handle.truncate(big.totalBytes);
    await handle.close();
    const { stdout } = await runProgram(tar, ['-tvf', file]);
    expect(stdout.toString()).toMatch(new RegExp(`${bytes} .* e/big\\n.* 3 .* e/after`));
    expect(await createTarSource(file).list()).toEqual(['big', 'after']);
  });

  it('creates archives in each of its formats that createTarSource reads', async () => {
    const directory = await makeTemporaryDirectory();
    const extracted = join(directory, 'export-1');
    await runProgram(tar, ['-xf', await writeArchive(), '-C', directory]);
    for (const format of ['gnu', 'pax']) {
      const file = join(directory, `${format}.tar`);
      expect(await runProgram(tar, [`--format=${format}`, '-cf', file, '-C', directory, 'export-1'])).toMatchObject({
        code: 0,
      });
      expect((await createTarSource(file).list()).sort()).toEqual([...contents.keys()].sort());
    }
    expect(await readdir(extracted)).toContain('bagit.txt');
  });

  it.each(['symlink', 'hardlink', 'outside'])(
    'creates archives with a %s that createTarSource rejects',
    async (kind) => {
      const directory = await makeTemporaryDirectory();
      await writeFile(join(directory, 'file'), 'x');
      if (kind === 'symlink') await symlink('/etc/passwd', join(directory, 'other'));
      if (kind === 'hardlink') await link(join(directory, 'file'), join(directory, 'other'));
      if (kind === 'outside') await writeFile(join(directory, 'other'), 'y');
      const file = join(await makeTemporaryDirectory(), 'x.tar');
      // Links stay in the folder; the regular file leaves it.
      const transform = [
        '-P',
        kind === 'outside' ? '--transform=s,^other,x/../../other,' : '--transform=s,^other,x/other,',
      ];
      const made = await runProgram(tar, [
        ...transform,
        '--transform=s,^file,x/file,',
        '-cf',
        file,
        '-C',
        directory,
        'file',
        'other',
      ]);
      expect(made.code).toBe(0);
      const report = await verifyBundle({ source: createTarSource(file) });
      expect(report).toMatchObject({ ok: false, checks: [{ name: 'structure', ok: false }] });
      expect(report.checks[0]?.message).toMatch(kind === 'outside' ? /not a safe path/ : /is a link/);
    },
  );
});
