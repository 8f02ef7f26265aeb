import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describeWithProgram } from '@aion/testkit';
import { createSigningKey, fingerprintSshKey, formatAllowedSigner, layoutTar, readTar } from '@aion/bundle';
import { runProgram, type ProgramResult } from './run-program.ts';
import { makeRows, signingKey, tenantKey, writerOptions, writeSampleBundle } from './write-sample-bundle.ts';
import { makeTemporaryDirectory, removeTemporaryDirectories } from './make-temporary-directory.ts';

let directory = '';
let keyFile = '';
let bundle: Awaited<ReturnType<typeof writeSampleBundle>>['bundle'];

beforeAll(async () => {
  ({ directory, bundle } = await writeSampleBundle());
  keyFile = join(await makeTemporaryDirectory(), 'key.txt');
  await writeFile(keyFile, `${tenantKey.identity}\n`);
});
afterAll(removeTemporaryDirectories);

const shell = (script: string, cwd = directory): Promise<ProgramResult> =>
  runProgram('sh', ['-c', script], { cwd, env: { KEY: keyFile } });

/** Finds a command in README.txt by its program. */
async function readmeCommand(start: string): Promise<string> {
  const lines = (await readFile(join(directory, 'README.txt'), 'utf8')).split('\n').map((line) => line.trim());
  return lines.find((line) => line.startsWith(start))?.replace('key.txt', '"$KEY"') ?? `no ${start} in README.txt`;
}

describeWithProgram('sha256sum', 'sha256sum', () => {
  it('accepts the bundle with the command of its README, and detects an altered file', async () => {
    expect(await shell(await readmeCommand('sha256sum'))).toMatchObject({ code: 0, stderr: '' });
    const copy = await makeTemporaryDirectory();
    await cp(directory, copy, { recursive: true });
    await writeFile(join(copy, 'bag-info.txt'), 'x');
    expect((await shell(await readmeCommand('sha256sum'), copy)).code).not.toBe(0);
  });
});

describeWithProgram('ssh-keygen', 'ssh-keygen and verify.sh', () => {
  it('accept the bundle with the command of its README, which contains the fingerprint', async () => {
    const { code, stdout } = await shell(await readmeCommand('ssh-keygen'));
    expect(code).toBe(0);
    expect(stdout.toString()).toContain(`Good "aion-bundle" signature for aion`);
    expect(await readFile(join(directory, 'README.txt'), 'utf8')).toContain(fingerprintSshKey(signingKey.publicKey));
  });

  it('accept the bundle with its script, from any folder', async () => {
    const result = await shell(`sh "${directory}/verify.sh"`, '/');
    expect(result).toMatchObject({ code: 0 });
    expect(result.stdout.toString()).toMatch(/OK: the bundle is whole/);
  });

  it.each([
    ['an altered file', 'printf x >>data/t0001-p00000.ndjson.zst.age'],
    ['an added file', 'printf x >data/extra'],
    ['a removed file', 'rm data/t0001-p00000.ndjson.zst.age'],
    ['an altered list', 'printf "\\n" >>tagmanifest-sha256.txt'],
    ['an altered clear file', 'printf x >>README.txt'],
  ])('reject the bundle with its script for %s', async (_name, change) => {
    const copy = await makeTemporaryDirectory();
    await cp(directory, copy, { recursive: true });
    await shell(change, copy);
    const result = await shell('sh verify.sh', copy);
    expect(result.code).not.toBe(0);
    expect(result.stdout.toString()).not.toMatch(/OK: the bundle/);
  });

  it('compare the signer with a file of trusted signers', async () => {
    const signers = join(await makeTemporaryDirectory(), 'signers');
    await writeFile(signers, `${formatAllowedSigner(signingKey.publicKey)}\n`);
    expect((await shell(`sh verify.sh "${signers}"`)).code).toBe(0);
    await writeFile(signers, `${formatAllowedSigner(createSigningKey().publicKey)}\n`);
    expect((await shell(`sh verify.sh "${signers}"`)).code).not.toBe(0);
    await rm(signers);
  });
});

describeWithProgram('age', 'age', () => {
  it('decrypts the manifest, whose hash is the one from the writer', async () => {
    const { code, stdout } = await shell('age -d -i "$KEY" data/0000-manifest.json.age');
    expect(code).toBe(0);
    expect(JSON.parse(stdout.toString())).toEqual(bundle.manifest);
    const { stdout: hash } = await shell('age -d -i "$KEY" data/0000-manifest.json.age | sha256sum');
    expect(hash.toString()).toContain(bundle.manifestSha256);
  });

  describeWithProgram('zstd', 'and zstd', () => {
    it('restore the rows byte for byte', async () => {
      const { code, stdout } = await shell(
        'for f in data/t0001-*; do age -d -i "$KEY" "$f" | zstd -dc || exit 1; done',
      );
      expect(code).toBe(0);
      expect(stdout.equals(Buffer.from(makeRows(1500)))).toBe(true);
    });

    it('decrypt a part with the command of the README, and the schema', async () => {
      const command = (await readmeCommand('age')).replace('> rows.ndjson', '');
      const { stdout } = await shell(command);
      expect(stdout.length).toBeGreaterThan(1000);
      expect(makeRows(1500).startsWith(stdout.toString())).toBe(true);
      const schema = await shell('age -d -i "$KEY" data/schema.sql.zst.age | zstd -dc');
      expect(schema.stdout.toString()).toBe(writerOptions.schema.sql);
    });
  });
});

describeWithProgram('tar', 'tar', () => {
  it('extracts the archive into a folder named after the export, in which verify.sh passes', async () => {
    const layout = layoutTar({ exportId: writerOptions.exportId, files: bundle.files, mtime: new Date(0) });
    const open = async (path: string, start: number, end: number) =>
      Readable.from([(await readFile(join(directory, path))).subarray(start, end + 1)]);
    const archive = Buffer.concat(await readTar(layout, open).toArray());
    const target = await makeTemporaryDirectory();
    expect(await runProgram('tar', ['-xf', '-', '-C', target], { input: archive })).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect((await shell('sh verify.sh', join(target, writerOptions.exportId))).code).toBe(0);
  });
});
