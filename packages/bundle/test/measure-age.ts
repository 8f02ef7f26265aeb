/**
 * Measures age encryption: `node test/measure-age.ts [MiB] [rounds]`. Encrypts random bytes to one recipient with
 * `createAgeEncryptStream`, with the `age-encryption` package as a stream and with that package in memory, in
 * interleaved rounds with rotating order, each in a separate process. Prints every round, the medians and their ratio.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { fileURLToPath } from 'node:url';
import { createAgeEncryptStream, generateAgeIdentity } from '@aion/bundle';
import { Encrypter } from 'age-encryption';

interface Result {
  readonly mbPerSecond: number;
  readonly cpuSeconds: number;
}

const CHUNK_BYTES = 256 * 1024;
const METHODS = ['createAgeEncryptStream', 'age-encryption, stream', 'age-encryption, in memory'] as const;
type Method = (typeof METHODS)[number];

const [mebibytes = '256', rounds = '5', method] = process.argv.slice(2);
const totalBytes = Number(mebibytes) * 1024 * 1024;
const { recipient } = generateAgeIdentity();
const chunk = randomBytes(CHUNK_BYTES);

if (method === undefined) compareMethods();
else process.stdout.write(JSON.stringify(await measure(method as Method)));

function compareMethods(): void {
  const results = new Map<Method, Result[]>(METHODS.map((name) => [name, []]));
  for (let round = 0; round < Number(rounds); round += 1) {
    const order = METHODS.map((_name, index) => METHODS[(index + round) % METHODS.length] ?? METHODS[0]);
    for (const name of order) {
      const { mbPerSecond, cpuSeconds } = runProcess(name);
      results.get(name)?.push({ mbPerSecond, cpuSeconds });
      process.stdout.write(`round ${round + 1}: ${format(name, mbPerSecond, cpuSeconds)}\n`);
    }
  }
  const medians = METHODS.map((name) => {
    const own = results.get(name) ?? [];
    const rate = median(own.map(({ mbPerSecond }) => mbPerSecond));
    return { name, rate, cpuSeconds: median(own.map(({ cpuSeconds }) => cpuSeconds)) };
  });
  const [ours] = medians;
  for (const { name, rate, cpuSeconds } of medians) {
    const slower = ours === undefined ? 1 : ours.rate / rate;
    const cpu = ours === undefined ? 1 : cpuSeconds / ours.cpuSeconds;
    process.stdout.write(
      `median:  ${format(name, rate, cpuSeconds)}, ${slower.toFixed(1)} x slower, ${cpu.toFixed(1)} x the CPU time\n`,
    );
  }
}

function runProcess(name: Method): Result {
  const script = fileURLToPath(import.meta.url);
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, mebibytes, rounds, name]);
  if (status !== 0) throw new Error(`The measurement of ${name} failed:\n${stderr.toString()}`);
  return JSON.parse(stdout.toString()) as Result;
}

async function measure(name: Method): Promise<Result> {
  // A short run first, so that compilation is not measured.
  await encrypt(name, 8 * 1024 * 1024);
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  await encrypt(name, totalBytes);
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { mbPerSecond: totalBytes / 1e6 / seconds, cpuSeconds: (user + system) / 1e6 };
}

async function encrypt(name: Method, plainBytes: number): Promise<void> {
  const chunks = Array.from({ length: Math.ceil(plainBytes / CHUNK_BYTES) }, () => chunk);
  let encryptedBytes = 0;
  if (name === 'createAgeEncryptStream') {
    const source = Readable.from(chunks, { objectMode: false });
    for await (const part of source.pipe(createAgeEncryptStream([recipient]))) {
      encryptedBytes += (part as Buffer).length;
    }
  } else {
    const encrypter = new Encrypter();
    encrypter.addRecipient(recipient);
    if (name === 'age-encryption, in memory') {
      encryptedBytes = (await encrypter.encrypt(Buffer.concat(chunks))).length;
    } else {
      const encrypted = await encrypter.encrypt(ReadableStream.from(chunks) as never);
      for await (const part of encrypted as unknown as AsyncIterable<Uint8Array>) encryptedBytes += part.length;
    }
  }
  if (encryptedBytes <= plainBytes) throw new Error(`${name} produced ${encryptedBytes} bytes of ${plainBytes}.`);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function format(name: string, mbPerSecond: number, cpuSeconds: number): string {
  return `${name}: ${mbPerSecond.toFixed(0)} MB/s, ${cpuSeconds.toFixed(2)} s CPU`;
}
