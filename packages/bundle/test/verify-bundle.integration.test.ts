import { cp, mkdir, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { zstdCompressSync } from 'node:zlib';
import {
  createBundleWriter,
  createDirectorySink,
  createDirectorySource,
  createSigningKey,
  createTarSource,
  formatAllowedSigner,
  generateAgeIdentity,
  InvalidIdentityError,
  InvalidSigningKeyError,
  layoutTar,
  readTar,
  signSsh,
  verifyBundle,
  type BundleSource,
  type VerificationProgress,
  type VerificationReport,
} from '@aion/bundle';
import { formatSignerId } from '../src/signing/signing-key.ts';
import { encryptForTenant, refinalizeBundle, type LooseManifest } from './refinalize-bundle.ts';
import {
  describeTable,
  makeRows,
  signingKey,
  streamOf,
  tenantKey,
  writerOptions,
  writeSampleBundle,
} from './write-sample-bundle.ts';
import { makeTemporaryDirectory, removeTemporaryDirectories } from './make-temporary-directory.ts';

const PART_0 = 'data/t0001-p00000.ndjson.zst.age';
const PART_1 = 'data/t0001-p00001.ndjson.zst.age';

let original = '';
let paths: string[] = [];

beforeAll(async () => {
  original = (await writeSampleBundle()).directory;
  paths = await createDirectorySource(original).list();
});
afterAll(removeTemporaryDirectories);

const verify = (source: BundleSource) =>
  verifyBundle({ source, identity: tenantKey.identity, trustedPublicKey: signingKey.publicKey });

/** Verifies a changed copy of the sample bundle. */
async function verifyChanged(change: (directory: string) => Promise<void>): Promise<VerificationReport> {
  const directory = await makeTemporaryDirectory();
  await cp(original, directory, { recursive: true });
  await change(directory);
  const report = await verify(createDirectorySource(directory));
  expect(report.ok).toBe(report.checks.every((check) => check.ok));
  return report;
}

const failed = (report: VerificationReport) => report.checks.filter((check) => !check.ok).map((check) => check.name);
const messages = (report: VerificationReport) =>
  report.checks.filter((check) => !check.ok).map((check) => check.message);

async function flipByte(file: string, place: (length: number) => number): Promise<void> {
  const bytes = await readFile(file);
  const offset = place(bytes.length);
  bytes[offset] = (bytes[offset] ?? 0) ^ 0x01;
  await writeFile(file, bytes);
}

describe('verifyBundle with an intact bundle', () => {
  it("passes with the tenant's identity and the trusted key", async () => {
    const report = await verify(createDirectorySource(original));
    expect(failed(report)).toEqual([]);
    expect(report).toMatchObject({
      ok: true,
      contentChecked: true,
      signerTrusted: true,
      exportId: writerOptions.exportId,
      signer: signingKey.publicKey,
      totals: { files: paths.filter((path) => path.startsWith('data/')).length, tables: 3, rows: 1503 },
    });
  });

  it('passes without an identity for the clear layer only', async () => {
    const report = await verifyBundle({ source: createDirectorySource(original) });
    expect(report).toMatchObject({ ok: true, contentChecked: false, signerTrusted: false });
    expect(report.checks.map(({ name }) => name)).toEqual([
      'structure',
      'declaration',
      'payload hashes',
      'tag hashes',
      'signature',
    ]);
  });

  it('passes for a tar archive', async () => {
    const files = await Promise.all(
      paths.map(async (path) => ({ path, bytes: (await readFile(join(original, path))).length })),
    );
    const layout = layoutTar({ exportId: writerOptions.exportId, files, mtime: new Date(0) });
    const open = async (path: string, start: number, end: number) =>
      Readable.from([(await readFile(join(original, path))).subarray(start, end + 1)]);
    const file = join(await makeTemporaryDirectory(), 'bundle.tar');
    await writeFile(file, Buffer.concat(await readTar(layout, open).toArray()));
    expect(failed(await verify(createTarSource(file)))).toEqual([]);
  });

  it('passes when the tables were written concurrently', async () => {
    const directory = await makeTemporaryDirectory();
    const writer = createBundleWriter({ ...writerOptions, sink: createDirectorySink(directory) });
    await Promise.all(
      ['a', 'b'].map((name) => writer.addTable(describeTable(`public.${name}`, 2000), streamOf(makeRows(2000, name)))),
    );
    await writer.finalize();
    expect(failed(await verify(createDirectorySource(directory)))).toEqual([]);
  });

  it('reports progress up to the end', async () => {
    const seen: VerificationProgress[] = [];
    const onProgress = (step: VerificationProgress) => void seen.push(step);
    await verifyBundle({ source: createDirectorySource(original), identity: tenantKey.identity, onProgress });
    expect(seen.at(-1)?.bytes).toBe(seen.at(-1)?.totalBytes);
    expect(new Set(seen.map(({ step }) => step))).toEqual(new Set(['hashes', 'content']));
  });
});

describe('verifyBundle with an altered bundle', () => {
  it.each([
    ['first', () => 0],
    ['middle', (length: number) => length >> 1],
    ['last', (length: number) => length - 1],
  ])('fails when the %s byte of any file is flipped', async (_name, place) => {
    for (const path of paths) {
      const report = await verifyChanged((directory) => flipByte(join(directory, path), place));
      expect({ path, ok: report.ok }).toEqual({ path, ok: false });
    }
  });

  it('fails when any file is removed', async () => {
    for (const path of paths) {
      const report = await verifyChanged((directory) => rm(join(directory, path)));
      expect({ path, ok: report.ok }).toEqual({ path, ok: false });
      expect(messages(report).join()).toContain(path);
    }
  });

  it('fails when a part is truncated', async () => {
    const report = await verifyChanged((directory) => truncate(join(directory, PART_1), 300));
    expect(failed(report)).toEqual(['payload hashes', 'table public.messages']);
  });

  it.each([
    ['data/t0009-p00000.ndjson.zst.age', 'payload hashes'],
    ['data/README', 'payload hashes'],
    ['data/deeper/file', 'payload hashes'],
    ['notes.txt', 'structure'],
    ['other/file', 'structure'],
  ])('fails when %s is added, with the check of the %s', async (path, check) => {
    const report = await verifyChanged(async (directory) => {
      await mkdir(join(directory, path, '..'), { recursive: true });
      await writeFile(join(directory, path), 'x');
    });
    expect(failed(report)[0]).toBe(check);
    expect(messages(report)[0]).toContain(path);
  });

  it('fails when a part is renamed', async () => {
    const report = await verifyChanged((directory) =>
      rename(join(directory, PART_1), join(directory, 'data/t0001-p00007.age')),
    );
    expect(failed(report)).toEqual(['payload hashes', 'contents', 'table public.messages']);
  });

  async function swapParts(directory: string): Promise<void> {
    const [first, second] = [await readFile(join(directory, PART_0)), await readFile(join(directory, PART_1))];
    await writeFile(join(directory, PART_0), second);
    await writeFile(join(directory, PART_1), first);
  }

  it('fails when two parts are swapped, even if the bundle is signed again', async () => {
    expect(failed(await verifyChanged(swapParts))).toEqual(['payload hashes', 'table public.messages']);
    const report = await verifyChanged(async (directory) => {
      await swapParts(directory);
      await refinalizeBundle(directory, () => undefined);
    });
    expect(failed(report)).toEqual(['table public.messages']);
  });

  it('fails when the hash lists and the signature are recreated with another key', async () => {
    const other = createSigningKey();
    const honest = await verifyChanged((directory) => refinalizeBundle(directory, () => undefined, other));
    expect(failed(honest)).toEqual(['signer', 'manifest']);
    const consistent = await verifyChanged((directory) =>
      refinalizeBundle(directory, (manifest) => (manifest.signer = formatSignerId(other.publicKey)), other),
    );
    expect(failed(consistent)).toEqual(['signer']);
    expect(consistent.signerTrusted).toBe(false);
  });

  it('fails when only the signature is of another key', async () => {
    const other = createSigningKey();
    const report = await verifyChanged(async (directory) => {
      const tags = await readFile(join(directory, 'tagmanifest-sha256.txt'));
      await writeFile(join(directory, 'tagmanifest-sha256.txt.sig'), signSsh(other, tags));
    });
    expect(failed(report)).toEqual(['signature', 'signer']);
  });

  it('fails when the key files contain another key than the one that signed', async () => {
    const report = await verifyChanged((directory) =>
      writeFile(join(directory, 'allowed_signers'), `${formatAllowedSigner(createSigningKey().publicKey)}\n`),
    );
    expect(failed(report)).toEqual(['tag hashes', 'signature', 'signer']);
  });

  it('fails with the identity of another recipient', async () => {
    const { identity } = generateAgeIdentity();
    const report = await verifyBundle({ source: createDirectorySource(original), identity });
    expect(failed(report)).toEqual(['manifest']);
    expect(messages(report).join()).toMatch(/does not decrypt this age file/);
  });
});

describe('verifyBundle with a wrong manifest', () => {
  type Change = (manifest: LooseManifest) => void;
  const table = (manifest: LooseManifest) => manifest.tables[0]!;
  const changes: [string, string, RegExp, Change][] = [
    ['the rows of a table', 'table public.messages', /manifest has 1501/, (m) => (table(m).rows += 1)],
    [
      'the rows of a part',
      'table public.messages',
      /t0001-p00001.* rows, the manifest has/,
      (m) => (table(m).parts[1]!.rows += 1),
    ],
    ['the count of the database', 'table public.messages', /database counted 1499/, (m) => (table(m).db_count -= 1)],
    ['the sum of the database', 'table public.messages', /the sum of its rows/, (m) => (table(m).db_sum60 = '12345')],
    ['the bytes of a table', 'table public.messages', /bytes, the manifest has/, (m) => (table(m).bytes += 1)],
    [
      'too few bytes of a part',
      'table public.messages',
      /decompresses to more/,
      (m) => (table(m).parts[0]!.plain -= 1),
    ],
    [
      'too many bytes of a part',
      'table public.messages',
      /decompresses to \d+ bytes, not/,
      (m) => (table(m).parts[0]!.plain += 1),
    ],
    [
      "the hash of a part's rows",
      'table public.messages',
      /rows of the manifest/,
      (m) => (table(m).parts[0]!.plain_sha256 = '0'.repeat(64)),
    ],
    [
      "the hash of a part's frame",
      'table public.messages',
      /compressed bytes/,
      (m) => (table(m).parts[0]!.zst_sha256 = '0'.repeat(64)),
    ],
    ['the Merkle root', 'table public.messages', /Merkle root/, (m) => (table(m).root = `sha256:${'0'.repeat(64)}`)],
    ['the order of parts', 'table public.messages', /Merkle root/, (m) => void table(m).parts.reverse()],
    ['a missing part', 'contents', /is not named in the manifest/, (m) => void table(m).parts.pop()],
    ['a missing table', 'contents', /is not named in the manifest/, (m) => void m.tables.shift()],
    [
      'a part without a file',
      'contents',
      /is named in the manifest, but missing/,
      (m) => (table(m).parts[0]!.f = 'data/x.age'),
    ],
    ['a repeated part', 'contents', /is named twice/, (m) => (m.tables[1]!.parts = [table(m).parts[0]!])],
    ['the hash of the schema', 'schema', /rows of the manifest/, (m) => (m.schema.file!.plain_sha256 = '0'.repeat(64))],
    ['another export', 'manifest', /bag-info.txt contains/, (m) => (m.export = 'other')],
    ['a path outside', 'manifest', /not valid/, (m) => (table(m).parts[0]!.f = 'data/../../x.age')],
    ['a negative number', 'manifest', /not valid/, (m) => (table(m).rows = -1)],
    [
      'objects, which are not verified',
      'manifest',
      /not valid/,
      (m) => void Object.assign(m, { objects: [{ key: 'x' }] }),
    ],
    [
      'a newer format',
      'manifest',
      /aion-bag\/2; this program reads aion-bag\/1/,
      (m) => void Object.assign(m, { format: 'aion-bag/2' }),
    ],
    [
      'another format',
      'manifest',
      /"tarball\/1", not aion-bag\/1/,
      (m) => void Object.assign(m, { format: 'tarball/1' }),
    ],
  ];

  it.each(changes)('fails for %s', async (_name, check, message, change) => {
    const report = await verifyChanged((directory) => refinalizeBundle(directory, change));
    expect(failed(report)).toContain(check);
    expect(report.checks.find(({ name }) => name === check)?.message).toMatch(message);
  });
});

describe('verifyBundle with a hostile bundle', () => {
  it.each([
    ['a decompression bomb', () => zstdCompressSync(Buffer.alloc(64 * 1024 * 1024)), /decompresses to more/],
    ['bytes that are not zstd', () => Buffer.from('no zstd at all'), /./],
    ['a truncated frame', () => zstdCompressSync(Buffer.from(makeRows(900))).subarray(0, 900), /./],
  ])('fails for %s in a part', async (_name, makeContent, message) => {
    const report = await verifyChanged(async (directory) => {
      await writeFile(join(directory, PART_0), await encryptForTenant(makeContent()));
      await refinalizeBundle(directory, () => undefined);
    });
    expect(failed(report)).toEqual(['table public.messages']);
    expect(messages(report).join()).toMatch(message);
  });

  it.each([
    ['not JSON', Buffer.from('{"id":1}\n{"id":\n'), /row 2 of public.t is not JSON/],
    ['not UTF-8', Buffer.from([0x22, 0xff, 0x22, 0x0a]), /row 1 of public.t is not UTF-8/],
    ['empty', Buffer.from('\n'), /row 1 of public.t is not JSON/],
  ])('fails for a row that is %s', async (_name, rows, message) => {
    const directory = await makeTemporaryDirectory();
    const writer = createBundleWriter({ ...writerOptions, sink: createDirectorySink(directory) });
    const dbCount = rows.filter((byte) => byte === 10).length;
    await writer.addTable(
      { ...describeTable('public.t', dbCount), orderBy: [] },
      Readable.from([rows], { objectMode: false }),
    );
    await writer.finalize();
    const report = await verify(createDirectorySource(directory));
    expect(failed(report)).toEqual(['table public.t']);
    expect(messages(report).join()).toMatch(message);
  });

  it('fails for a symbolic link', async () => {
    const report = await verifyChanged(async (directory) => {
      await rm(join(directory, PART_0));
      await symlink('/etc/passwd', join(directory, PART_0));
    });
    expect(failed(report)).toEqual(['structure']);
  });

  it.each(['../x', 'data/../../x', '/etc/passwd', 'data//x', 'data/.hidden', 'data\\x', 'C:x', 'data/a\nb', ''])(
    'fails for the path %j without reading any file',
    async (path) => {
      const read: string[] = [];
      const inner = createDirectorySource(original);
      const source: BundleSource = {
        list: async () => [...(await inner.list()), path],
        read: (name) => {
          read.push(name);
          return inner.read(name);
        },
      };
      expect(failed(await verify(source))).toEqual(['structure']);
      expect(read).toEqual([]);
    },
  );

  it.each([PART_0, PART_0.toUpperCase().replace('DATA', 'data')])(
    'fails when %s is listed a second time',
    async (path) => {
      const inner = createDirectorySource(original);
      const source: BundleSource = { ...inner, list: async () => [...(await inner.list()), path] };
      const report = await verify(source);
      expect(failed(report)).toEqual(['structure']);
      expect(messages(report).join()).toMatch(/is present twice/);
    },
  );
});

describe('verifyBundle', () => {
  it('rethrows the error of the source', async () => {
    await expect(verify(createDirectorySource(join(original, 'nowhere')))).rejects.toMatchObject({ code: 'ENOENT' });
    const failure = new Error('connection reset');
    const source = { ...createDirectorySource(original), read: () => Promise.reject(failure) };
    await expect(verify(source)).rejects.toBe(failure);
  });

  it('throws for unusable keys of the caller', async () => {
    const source = createDirectorySource(original);
    await expect(verifyBundle({ source, identity: 'x' })).rejects.toThrow(InvalidIdentityError);
    await expect(verifyBundle({ source, trustedPublicKey: 'x' })).rejects.toThrow(InvalidSigningKeyError);
  });
});
