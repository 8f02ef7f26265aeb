import { CreateBucketCommand, ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3';
import { Readable } from 'node:stream';
import { describeWithProgram, startMoto, type TestMoto } from '@aion/testkit';
import { createObjectStore, S3ObjectStore, type ObjectStore } from '@aion/object-store';
import { describeObjectStore, listAll } from './object-store.conformance.ts';

process.env['AWS_ACCESS_KEY_ID'] ??= 'test';
process.env['AWS_SECRET_ACCESS_KEY'] ??= 'test';

describeWithProgram('moto_server', 'S3ObjectStore with moto', (program) => {
  let moto: TestMoto;
  let client: S3Client;
  const stores: ObjectStore[] = [];

  beforeAll(async () => {
    moto = await startMoto(program);
    client = new S3Client({ endpoint: moto.endpoint, region: 'us-east-1', forcePathStyle: true });
    await client.send(new CreateBucketCommand({ Bucket: 'objects' }));
  }, 90_000);
  afterAll(async () => {
    for (const store of stores) await store.close();
    client.destroy();
    await moto.stop();
  });

  function openStore(bucket = 'objects'): ObjectStore {
    const store = createObjectStore(`s3://${bucket}?endpoint=${moto.endpoint}&region=us-east-1`);
    stores.push(store);
    return store;
  }

  describeObjectStore('s3', () => Promise.resolve(openStore()));

  it('deletes the parts of a failed upload', async () => {
    const body = Readable.from(
      (async function* () {
        for (let index = 0; index < 40; index += 1) yield await Promise.resolve(Buffer.alloc(1 << 20, index));
        throw new Error('the source failed');
      })(),
      { objectMode: false },
    );
    await expect(openStore().put('aborted', body)).rejects.toThrow('the source failed');
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: 'objects' }));
    expect(Uploads).toEqual([]);
  });

  it('lists objects over several pages', async () => {
    const store = new S3ObjectStore({ bucket: 'objects', endpoint: moto.endpoint, listPageSize: 10 });
    stores.push(store);
    const keys = Array.from({ length: 25 }, (_, index) => `pages/${String(index).padStart(4, '0')}`);
    await Promise.all(keys.map((key) => store.put(key, Buffer.from('x'))));
    expect((await listAll(store, 'pages/')).map(({ key }) => key)).toEqual(keys);
  });

  it('destroys the source when the server rejects the upload', async () => {
    const body = Readable.from([Buffer.from('x')], { objectMode: false });
    await expect(openStore('no-such-bucket').put('x', body)).rejects.toMatchObject({ name: 'NoSuchBucket' });
    expect(body.destroyed).toBe(true);
    await expect(openStore('no-such-bucket').ping()).rejects.toThrow();
  });
});
