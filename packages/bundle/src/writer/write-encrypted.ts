import { Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress } from 'node:zlib';
import { errorCode } from '@aion/errors';
import { createAgeEncryptStream } from '../age/create-age-encrypt-stream.ts';
import type { BundleSink } from '../bundle-sink.ts';
import { createMeter, createMeterStream } from '../meter.ts';
import { BundleWriteError } from './bundle-write-error.ts';

/** Common options of the encrypted files of one bundle. */
export interface EncryptedFileContext {
  readonly sink: BundleSink;
  readonly recipients: readonly string[];
  /** zstd level. */
  readonly compressionLevel: number;
}

/** One stored file: sizes in bytes, SHA-256 in hex. */
export interface EncryptedFile {
  readonly path: string;
  /** Size of the age file. */
  readonly bytes: number;
  readonly sha256: string;
  readonly plainBytes: number;
  readonly plainSha256: string;
  /** Hash of the encrypted content: the zstd frame, or the plaintext itself when it is not compressed. */
  readonly innerSha256: string;
}

/** Bytes per write to the compressor: with 64 KiB, half of the time is lost between the threads. */
const BLOCK_BYTES = 1024 * 1024;
/** Bytes per output chunk of the compressor. */
const COMPRESSED_BYTES = 256 * 1024;

/**
 * Streams a plaintext through SHA-256, zstd (unless `compress` is false), SHA-256, age and SHA-256 into the sink in one
 * pass. Backpressure of the sink limits the source, so memory does not grow with the size.
 */
export async function writeEncrypted(
  context: EncryptedFileContext,
  path: string,
  plaintext: AsyncIterable<Uint8Array>,
  { compress }: { compress: boolean } = { compress: true },
): Promise<EncryptedFile> {
  const plain = createMeter();
  const inner = createMeter();
  const cipher = createMeter();
  async function* measure(): AsyncGenerator<Uint8Array> {
    for await (const block of gatherBlocks(plaintext)) {
      plain.add(block);
      yield block;
    }
  }
  const output = createMeterStream(cipher);
  const source = Readable.from(measure(), { objectMode: false, highWaterMark: BLOCK_BYTES });
  const compressor = compress ? [createCompressor(context.compressionLevel)] : [];
  const streams = [source, ...compressor, createMeterStream(inner), createAgeEncryptStream(context.recipients), output];
  await upload(context.sink, path, output, pipeline(streams));
  return {
    path,
    bytes: cipher.bytes,
    sha256: cipher.digest(),
    plainBytes: plain.bytes,
    plainSha256: plain.digest(),
    innerSha256: inner.digest(),
  };
}

/** Joins small pieces, since each write to the compressor is a switch to another thread. */
async function* gatherBlocks(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let pending: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of pieces) {
    pending.push(piece);
    bytes += piece.length;
    if (bytes < BLOCK_BYTES) continue;
    yield Buffer.concat(pending, bytes);
    pending = [];
    bytes = 0;
  }
  if (bytes > 0) yield Buffer.concat(pending, bytes);
}

function createCompressor(level: number): Transform {
  return createZstdCompress({
    chunkSize: COMPRESSED_BYTES,
    params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 },
  });
}

/** Returns true for the errors of a stream that was closed, or left by a `for await`: the error of the sink is the cause. */
function isStreamClose(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ABORT_ERR';
}

/** Lets the sink read `output` while `flow` fills it; when one fails, stops the other and throws the cause. */
async function upload(sink: BundleSink, path: string, output: Transform, flow: Promise<void>): Promise<void> {
  const stored = sink.put(path, output).then(() => {
    if (output.readableEnded) return;
    throw new BundleWriteError('SINK_INCOMPLETE', `The sink reported ${path} as stored before it had read all of it.`);
  });
  // The rejection itself is handled below; the reason is passed on unchanged.
  stored.catch((error: unknown) => output.destroy(error as Error));
  const [flowed, put] = await Promise.allSettled([flow, stored]);
  if (flowed.status === 'rejected' && !(isStreamClose(flowed.reason) && put.status === 'rejected')) throw flowed.reason;
  if (put.status === 'rejected') throw put.reason;
}
