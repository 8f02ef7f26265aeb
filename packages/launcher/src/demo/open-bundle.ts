import { pipeline } from 'node:stream/promises';
import { createInterface } from 'node:readline';
import { PassThrough, Readable } from 'node:stream';
import { createZstdDecompress } from 'node:zlib';
import { createAgeDecryptStream, createTarSource, parseManifest, type BundleManifest } from '@aion/bundle';

const MANIFEST = 'data/0000-manifest.json.age';

/** A bundle that is open for reading. */
export interface OpenBundle {
  readonly manifest: BundleManifest;
  /** Yields the rows of a table as exported by PostgreSQL, each as JSON text. */
  rows(table: string): AsyncIterable<string>;
}

/** Opens an archive with the age identity of the tenant, like `tar`, `age` and `zstd`. */
export async function openBundle(archive: string, identity: string): Promise<OpenBundle> {
  const source = createTarSource(archive);
  const chunks: Buffer[] = [];
  await pipeline(
    await source.read(MANIFEST),
    createAgeDecryptStream(identity),
    async (plain: AsyncIterable<Buffer>) => {
      for await (const chunk of plain) chunks.push(chunk);
    },
  );
  const manifest = parseManifest(Buffer.concat(chunks).toString());
  return {
    manifest,
    rows: async function* (name) {
      const table = manifest.tables.find((candidate) => candidate.name === name);
      for (const { f } of table?.parts ?? []) yield* readLines(await source.read(f), identity);
    },
  };
}

async function* readLines(part: Readable, identity: string): AsyncGenerator<string> {
  const plain = new PassThrough();
  const decoded = pipeline(part, createAgeDecryptStream(identity), createZstdDecompress(), plain);
  // A failure also ends the reading of lines; it is thrown below.
  decoded.catch((error: unknown) => plain.destroy(error instanceof Error ? error : undefined));
  try {
    yield* createInterface({ input: plain, crlfDelay: Infinity });
    await decoded;
  } finally {
    plain.destroy();
  }
}
