import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Decrypter, Encrypter } from 'age-encryption';
import { describeWithProgram } from '@aion/testkit';
import { createAgeDecryptStream, createAgeEncryptStream, generateAgeIdentity } from '@aion/bundle';
import { runProgram } from './run-program.ts';
import { makeTemporaryDirectory, removeTemporaryDirectories } from './make-temporary-directory.ts';

const SIZES = [0, 1, 65_535, 65_536, 65_537, 1_000_003];
const ours = generateAgeIdentity();
const other = generateAgeIdentity();

async function encrypt(plain: Buffer, recipients: readonly string[]): Promise<Buffer> {
  return Buffer.concat(
    await Readable.from([plain], { objectMode: false }).pipe(createAgeEncryptStream(recipients)).toArray(),
  );
}

async function decrypt(file: Uint8Array, identity: string): Promise<Buffer> {
  return Buffer.concat(
    await Readable.from([file], { objectMode: false }).pipe(createAgeDecryptStream(identity)).toArray(),
  );
}

afterAll(removeTemporaryDirectories);

describe.each(SIZES)('an age file of %i bytes', (size) => {
  const plain = randomBytes(size);

  it('decrypts for each of its recipients', async () => {
    const file = await encrypt(plain, [ours.recipient, other.recipient]);
    expect((await decrypt(file, ours.identity)).equals(plain)).toBe(true);
    expect((await decrypt(file, other.identity)).equals(plain)).toBe(true);
  });

  it('decrypts with the age-encryption library', async () => {
    const decrypter = new Decrypter();
    decrypter.addIdentity(ours.identity);
    expect(Buffer.from(await decrypter.decrypt(await encrypt(plain, [ours.recipient]))).equals(plain)).toBe(true);
  });

  it('decrypts when the age-encryption library encrypted it', async () => {
    const encrypter = new Encrypter();
    encrypter.addRecipient(ours.recipient);
    expect((await decrypt(await encrypter.encrypt(plain), ours.identity)).equals(plain)).toBe(true);
  });
});

describeWithProgram('age', 'age program', (age) => {
  it.each(SIZES)('decrypts a file of %i bytes from createAgeEncryptStream', async (size) => {
    const keyFile = join(await makeTemporaryDirectory(), 'key.txt');
    await writeFile(keyFile, `${ours.identity}\n`);
    const plain = randomBytes(size);
    const file = await encrypt(plain, [other.recipient, ours.recipient]);
    const { code, stdout, stderr } = await runProgram(age, ['-d', '-i', keyFile], { input: file });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.equals(plain)).toBe(true);
  });

  it.each(SIZES)('encrypts a file of %i bytes that createAgeDecryptStream decrypts', async (size) => {
    const plain = randomBytes(size);
    const { code, stdout } = await runProgram(age, ['-r', other.recipient, '-r', ours.recipient], { input: plain });
    expect(code).toBe(0);
    expect((await decrypt(stdout, ours.identity)).equals(plain)).toBe(true);
  });
});
