import { pipeline } from 'node:stream/promises';
import { constants, createZstdDecompress } from 'node:zlib';
import { createAgeDecryptStream } from '../age/create-age-decrypt-stream.ts';
import { InvalidBundleError } from '../invalid-bundle-error.ts';
import { createMeter, createMeterStream } from '../meter.ts';
import type { BundleReader } from './bundle-reader.ts';

/** Sizes and hashes of a compressed, encrypted file in the manifest. */
export interface ExpectedContent {
  readonly path: string;
  readonly plainBytes: number;
  readonly plainSha256: string;
  readonly zstSha256: string;
}

/** Limits the memory of the decoder: zstd recommends to accept windows of up to 8 MiB. */
const WINDOW_LOG_MAX = 23;

/**
 * Decrypts and decompresses a file, passes its plaintext to `onChunk`, and compares sizes and hashes. It stops at the
 * first byte beyond the expected size, so a decompression bomb costs no more than a valid file.
 * @throws {InvalidBundleError} or {AgeError} or an error of zstd.
 */
export async function readContent(
  reader: BundleReader,
  identity: string,
  expected: ExpectedContent,
  onChunk: (chunk: Buffer) => void,
): Promise<void> {
  const { path, plainBytes } = expected;
  const zst = createMeter();
  const plain = createMeter();
  await pipeline(
    reader.read('content', path),
    createAgeDecryptStream(identity),
    createMeterStream(zst),
    createZstdDecompress({ chunkSize: 256 * 1024, params: { [constants.ZSTD_d_windowLogMax]: WINDOW_LOG_MAX } }),
    async (content: AsyncIterable<Buffer>) => {
      for await (const chunk of content) {
        plain.add(chunk);
        if (plain.bytes > plainBytes)
          throw new InvalidBundleError(`${path} decompresses to more than its ${plainBytes} bytes`);
        onChunk(chunk);
      }
    },
  );
  if (plain.bytes < plainBytes)
    throw new InvalidBundleError(`${path} decompresses to ${plain.bytes} bytes, not ${plainBytes}`);
  if (zst.digest() !== expected.zstSha256)
    throw new InvalidBundleError(`${path} does not contain the compressed bytes of the manifest`);
  if (plain.digest() !== expected.plainSha256)
    throw new InvalidBundleError(`${path} does not contain the rows of the manifest`);
}
