import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeWithProgram } from '@aion/testkit';
import {
  createSigningKey,
  exportSigningKey,
  fingerprintSshKey,
  formatAllowedSigner,
  InvalidSigningKeyError,
  loadSigningKey,
  signSsh,
  verifySsh,
} from '@aion/bundle';
import { runProgram } from './run-program.ts';
import { makeTemporaryDirectory, removeTemporaryDirectories } from './make-temporary-directory.ts';

const message = Buffer.from('some text\n');
const key = createSigningKey();

afterAll(removeTemporaryDirectories);

describe('signSsh and verifySsh', () => {
  it('verify a signature and return the key that made it', () => {
    expect(verifySsh(signSsh(key, message), message)).toEqual({ valid: true, publicKey: key.publicKey });
  });

  it('reject a signature of another message', () => {
    expect(verifySsh(signSsh(key, message), Buffer.from('some test\n'))).toMatchObject({ valid: false });
  });

  it('reject a signature with any changed character', () => {
    const armored = signSsh(key, message);
    const broken = Array.from({ length: armored.length }, (_, index) => {
      const code = armored.charCodeAt(index) === 65 ? 'B' : 'A';
      return armored.slice(0, index) + code + armored.slice(index + 1);
    });
    expect(broken.filter((text) => verifySsh(text, message).valid)).toEqual([]);
  });

  it('work with an exported and loaded key', () => {
    expect(loadSigningKey(exportSigningKey(key)).publicKey).toBe(key.publicKey);
  });

  it.each(['', 'nothing', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'])(
    'cannot be used with the key %j',
    (pem) => {
      expect(() => loadSigningKey(pem)).toThrow(InvalidSigningKeyError);
    },
  );
});

describeWithProgram('ssh-keygen', 'ssh-keygen', (sshKeygen) => {
  const verifyArgs = (namespace: string) => [
    '-Y',
    'verify',
    '-f',
    'signers',
    '-I',
    'aion',
    '-n',
    namespace,
    '-s',
    'sig',
  ];

  async function prepare(): Promise<string> {
    const cwd = await makeTemporaryDirectory();
    await writeFile(join(cwd, 'signers'), `${formatAllowedSigner(key.publicKey)}\n`);
    await writeFile(join(cwd, 'sig'), signSsh(key, message));
    return cwd;
  }

  it('accepts a signature from signSsh, for its namespace and the unaltered message only', async () => {
    const cwd = await prepare();
    expect(await runProgram(sshKeygen, verifyArgs('aion-bundle'), { cwd, input: message })).toMatchObject({ code: 0 });
    expect((await runProgram(sshKeygen, verifyArgs('file'), { cwd, input: message })).code).not.toBe(0);
    expect((await runProgram(sshKeygen, verifyArgs('aion-bundle'), { cwd, input: Buffer.from('x') })).code).not.toBe(0);
  });

  it('computes the same fingerprint', async () => {
    const cwd = await makeTemporaryDirectory();
    await writeFile(join(cwd, 'key.pub'), `${key.publicKey}\n`);
    const { stdout } = await runProgram(sshKeygen, ['-lf', 'key.pub'], { cwd });
    expect(stdout.toString()).toContain(fingerprintSshKey(key.publicKey));
  });

  it('creates signatures that verifySsh accepts, except for another namespace', async () => {
    const cwd = await makeTemporaryDirectory();
    await runProgram(sshKeygen, ['-t', 'ed25519', '-N', '', '-q', '-f', 'id'], { cwd });
    const sign = async (namespace: string) =>
      (
        await runProgram(sshKeygen, ['-Y', 'sign', '-f', 'id', '-n', namespace], { cwd, input: message })
      ).stdout.toString();
    const publicKey = (await readFile(join(cwd, 'id.pub'), 'utf8')).split(' ').slice(0, 2).join(' ');
    expect(verifySsh(await sign('aion-bundle'), message)).toEqual({ valid: true, publicKey });
    expect(verifySsh(await sign('file'), message)).toEqual({
      valid: false,
      reason: 'its namespace is not aion-bundle',
    });
  });
});
