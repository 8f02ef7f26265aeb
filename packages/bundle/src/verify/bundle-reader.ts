import type { BundleSource } from '../bundle-ports.ts';
import { InvalidBundleError } from '../invalid-bundle-error.ts';
import { createMeter } from '../meter-stream.ts';
import type { VerificationProgress } from './verification-report.ts';

/** Reads the files of a bundle that is being verified, and counts what it read. */
export interface BundleReader {
  readonly paths: ReadonlySet<string>;
  expectBytes(totalBytes: number): void;
  /** The content of a file; throws {@link InvalidBundleError} on reading when the bundle has no such file. */
  read(step: VerificationProgress['step'], path: string): AsyncIterable<Buffer>;
  /** A small file as text. */
  readText(path: string): Promise<string>;
  /** Size and SHA-256 of a file. */
  measure(path: string): Promise<{ bytes: number; sha256: string }>;
}

const MAX_TEXT_BYTES = 64 * 1024 * 1024;

/** Reads a whole stream of at most `maxBytes`. */
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

/** A reader over the listed paths. */
export function createBundleReader(
  source: BundleSource,
  paths: ReadonlySet<string>,
  onProgress: (progress: VerificationProgress) => void,
): BundleReader {
  let bytes = 0;
  let totalBytes = 0;
  async function* openFile(path: string): AsyncGenerator<Buffer> {
    if (!paths.has(path)) throw new InvalidBundleError(`${path} is missing`);
    // A byte stream yields buffers; the type of Readable does not say so.
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
