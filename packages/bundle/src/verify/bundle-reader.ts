import type { BundleSource } from '../bundle-source.ts';
import { InvalidBundleError } from '../invalid-bundle-error.ts';
import { createMeter } from '../meter.ts';
import type { VerificationProgress } from './verification-report.ts';

/** Reads the files of a bundle during its verification and counts the bytes. */
export interface BundleReader {
  readonly paths: ReadonlySet<string>;
  expectBytes(totalBytes: number): void;
  /** Returns the content of a file; throws {@link InvalidBundleError} on reading when the bundle has no such file. */
  read(step: VerificationProgress['step'], path: string): AsyncIterable<Buffer>;
  /** Reads a small file as text. */
  readText(path: string): Promise<string>;
  /** Computes the size and SHA-256 of a file. */
  measure(path: string): Promise<{ bytes: number; sha256: string }>;
}

const MAX_TEXT_BYTES = 64 * 1024 * 1024;

/** Reads a complete stream of at most `maxBytes`. */
export async function collect(stream: AsyncIterable<Buffer>, maxBytes: number, name: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > maxBytes) throw new InvalidBundleError(`${name} is longer than ${maxBytes} bytes.`);
  }
  return Buffer.concat(chunks);
}

/** Creates a reader for the listed paths. */
export function createBundleReader(
  source: BundleSource,
  paths: ReadonlySet<string>,
  onProgress: (progress: VerificationProgress) => void,
): BundleReader {
  let bytes = 0;
  let totalBytes = 0;
  async function* openFile(path: string): AsyncGenerator<Buffer> {
    if (!paths.has(path)) throw new InvalidBundleError(`${path} is missing`);
    // A byte stream yields buffers, which the type of Readable does not express.
    for await (const chunk of await source.read(path)) yield chunk as Buffer;
  }
  async function* read(step: VerificationProgress['step'], path: string): AsyncGenerator<Buffer> {
    for await (const chunk of openFile(path)) {
      bytes += chunk.length;
      onProgress({ step, path, bytes, totalBytes: Math.max(totalBytes, bytes) });
      yield chunk;
    }
  }
  return {
    paths,
    expectBytes: (value) => void (totalBytes = value),
    read,
    async readText(path) {
      return (await collect(openFile(path), MAX_TEXT_BYTES, path)).toString();
    },
    async measure(path) {
      const meter = createMeter();
      for await (const chunk of read('hashes', path)) meter.add(chunk);
      return { bytes: meter.bytes, sha256: meter.digest() };
    },
  };
}
