import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  paginateListObjectsV2,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { assertObjectKey } from './assert-object-key.ts';
import { ObjectNotFoundError } from './object-not-found-error.ts';
import type { ObjectEntry, ObjectRange, ObjectStore } from './object-store.ts';
import { withObjectSpan } from './with-object-span.ts';

/** Options of {@link S3ObjectStore}. The SDK's default chain provides credentials (`AWS_ACCESS_KEY_ID`, profiles, roles). */
export interface S3ObjectStoreOptions {
  readonly bucket: string;
  /** URL of an S3-compatible server; buckets are addressed by path. */
  readonly endpoint?: string;
  /** Default: the SDK's chain (`AWS_REGION`), and `us-east-1` when an endpoint is given. */
  readonly region?: string;
  /** Keys per request of a listing; default 1000, which is also S3's maximum. */
  readonly listPageSize?: number;
}

/** S3 allows 10 000 parts: 16 MiB each make 156 GiB, with at most two of them in memory. */
const PART_BYTES = 16 * 1024 * 1024;
const CONCURRENT_PARTS = 2;

/** Stores objects in one bucket of S3 or a compatible server. */
export class S3ObjectStore implements ObjectStore {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #listPageSize: number;

  constructor(options: S3ObjectStoreOptions) {
    this.#client = createClient(options);
    this.#bucket = options.bucket;
    this.#listPageSize = options.listPageSize ?? 1000;
  }

  put(key: string, body: Readable | Buffer): Promise<{ bytes: number }> {
    return withObjectSpan('put object', 's3', async (setBytes) => {
      assertObjectKey(key);
      let bytes: number;
      if (Buffer.isBuffer(body)) {
        await this.#upload(key, body);
        bytes = body.length;
      } else {
        bytes = await this.#uploadStream(key, body);
      }
      setBytes(bytes);
      return { bytes };
    });
  }

  get(key: string, range?: ObjectRange): Promise<Readable> {
    return withObjectSpan('get object', 's3', async (setBytes) => {
      assertObjectKey(key);
      if (range !== undefined && !(range.start >= 0 && range.start <= range.end)) throw rangeError(key, range);
      const Range = range === undefined ? {} : { Range: `bytes=${range.start}-${range.end}` };
      try {
        const { Body, ContentLength } = await this.#client.send(
          new GetObjectCommand({ Bucket: this.#bucket, Key: key, ...Range }),
        );
        if (!(Body instanceof Readable)) throw new Error(`S3 returned no content for ${JSON.stringify(key)}`);
        setBytes(ContentLength ?? 0);
        return Body;
      } catch (error) {
        if (statusOf(error) === 404) throw new ObjectNotFoundError(key, { cause: error });
        if (statusOf(error) === 416 && range !== undefined) throw rangeError(key, range);
        throw error;
      }
    });
  }

  async head(key: string): Promise<{ bytes: number } | undefined> {
    assertObjectKey(key);
    try {
      const { ContentLength } = await this.#client.send(new HeadObjectCommand({ Bucket: this.#bucket, Key: key }));
      return { bytes: ContentLength ?? 0 };
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  }

  async *list(prefix: string): AsyncGenerator<ObjectEntry> {
    const config = { client: this.#client, pageSize: this.#listPageSize };
    const pages = paginateListObjectsV2(config, { Bucket: this.#bucket, Prefix: prefix });
    for await (const { Contents = [] } of pages) {
      for (const { Key, Size } of Contents) if (Key !== undefined) yield { key: Key, bytes: Size ?? 0 };
    }
  }

  async delete(key: string): Promise<void> {
    assertObjectKey(key);
    await this.#client.send(new DeleteObjectCommand({ Bucket: this.#bucket, Key: key }));
  }

  async ping(): Promise<void> {
    await this.#client.send(new HeadBucketCommand({ Bucket: this.#bucket }));
  }

  close(): Promise<void> {
    this.#client.destroy();
    return Promise.resolve();
  }

  /** Uploads in parts; the client deletes them when the upload fails, so that no parts remain and cost money. */
  async #upload(key: string, body: Readable | Buffer): Promise<void> {
    await new Upload({
      client: this.#client,
      params: { Bucket: this.#bucket, Key: key, Body: body },
      partSize: PART_BYTES,
      queueSize: CONCURRENT_PARTS,
      leavePartsOnError: false,
    }).done();
  }

  async #uploadStream(key: string, body: Readable): Promise<number> {
    let bytes = 0;
    const counted = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        bytes += chunk.length;
        done(null, chunk);
      },
    });
    const stored = this.#upload(key, counted);
    // The rejection is handled below; a failed upload must also stop the source.
    stored.catch((error: unknown) => counted.destroy(error as Error));
    const [read, uploaded] = await Promise.allSettled([pipeline(body, counted), stored]);
    if (read.status === 'rejected') throw read.reason;
    if (uploaded.status === 'rejected') throw uploaded.reason;
    return bytes;
  }
}

function createClient({ endpoint, region }: S3ObjectStoreOptions): S3Client {
  if (endpoint === undefined) return new S3Client(region === undefined ? {} : { region });
  return new S3Client({
    endpoint,
    region: region ?? process.env['AWS_REGION'] ?? 'us-east-1',
    forcePathStyle: true,
    // Many compatible servers do not support the SDK's newer trailing checksums.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
}

function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
}

function rangeError(key: string, { start, end }: ObjectRange): RangeError {
  return new RangeError(`The range ${start}-${end} does not start in ${JSON.stringify(key)}.`);
}
