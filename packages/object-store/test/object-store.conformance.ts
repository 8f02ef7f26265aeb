import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { startTracing, withSpan, type SpanRecord } from '@aion/tracing';
import { ObjectNotFoundError, type ObjectEntry, type ObjectStore } from '@aion/object-store';

async function read(stream: Readable): Promise<Buffer> {
  return Buffer.concat(await stream.toArray());
}

/** Creates a stream of `chunks` pieces of 1 MiB, each with different content. */
function bigStream(chunks: number, failAfter = Infinity): Readable {
  return Readable.from(
    (async function* () {
      for (let index = 0; index < chunks; index += 1) {
        if (index === failAfter) throw new Error('the source failed');
        yield await Promise.resolve(Buffer.alloc(1 << 20, index));
      }
    })(),
    { objectMode: false },
  );
}

/** Lists all entries below a prefix. */
export async function listAll(store: ObjectStore, prefix: string): Promise<ObjectEntry[]> {
  const entries: ObjectEntry[] = [];
  for await (const entry of store.list(prefix)) entries.push(entry);
  return entries;
}

/** Describes the behaviour of every adapter of the port. `open` returns a new store; `name` is its attribute on spans. */
export function describeObjectStore(name: 'directory' | 's3', open: () => Promise<ObjectStore>): void {
  describe(`${name} object store`, () => {
    let store: ObjectStore;
    beforeAll(async () => void (store = await open()));
    afterAll(() => store.close());

    it('get returns the bytes that were put, from a buffer and from a stream', async () => {
      const content = randomBytes(100_000);
      expect(await store.put('same/buffer', content)).toEqual({ bytes: 100_000 });
      expect(await store.put('same/stream', Readable.from([content.subarray(0, 10), content.subarray(10)]))).toEqual({
        bytes: 100_000,
      });
      expect((await read(await store.get('same/buffer'))).equals(content)).toBe(true);
      expect((await read(await store.get('same/stream'))).equals(content)).toBe(true);
      expect(await store.head('same/stream')).toEqual({ bytes: 100_000 });
    });

    it('stores empty objects', async () => {
      expect(await store.put('empty/buffer', Buffer.alloc(0))).toEqual({ bytes: 0 });
      expect(await store.put('empty/stream', Readable.from([]))).toEqual({ bytes: 0 });
      expect(await store.head('empty/stream')).toEqual({ bytes: 0 });
      expect(await read(await store.get('empty/buffer'))).toHaveLength(0);
    });

    it('stores a stream of many parts', async () => {
      expect(await store.put('big', bigStream(40))).toEqual({ bytes: 40 << 20 });
      const [stored, expected] = [createHash('sha256'), createHash('sha256')];
      for await (const chunk of await store.get('big')) stored.update(chunk as Buffer);
      for await (const chunk of bigStream(40)) expected.update(chunk as Buffer);
      expect(stored.digest('hex')).toBe(expected.digest('hex'));
    });

    it('replaces an object', async () => {
      await store.put('replaced', Buffer.from('first'));
      await store.put('replaced', Buffer.from('second'));
      expect((await read(await store.get('replaced'))).toString()).toBe('second');
    });

    it.each([1, 39])('keeps the previous object when a stream fails after %i MiB', async (failAfter) => {
      await store.put(`kept/${failAfter}`, Buffer.from('old'));
      await expect(store.put(`kept/${failAfter}`, bigStream(40, failAfter))).rejects.toThrow('the source failed');
      await expect(store.put(`new/${failAfter}`, bigStream(40, failAfter))).rejects.toThrow('the source failed');
      expect((await read(await store.get(`kept/${failAfter}`))).toString()).toBe('old');
      expect(await store.head(`new/${failAfter}`)).toBeUndefined();
    });

    it("returns ranges with both ends inclusive, and limits them to the object's end", async () => {
      await store.put('range', Buffer.from('0123456789'));
      const get = async (start: number, end: number) =>
        (await read(await store.get('range', { start, end }))).toString();
      expect(await get(0, 0)).toBe('0');
      expect(await get(3, 5)).toBe('345');
      expect(await get(8, 100)).toBe('89');
      expect(await get(0, 9)).toBe('0123456789');
    });

    it.each([
      [10, 12],
      [5, 4],
      [-1, 4],
    ])('rejects the range %i-%i of 10 bytes', async (start, end) => {
      await store.put('range', Buffer.from('0123456789'));
      await expect(store.get('range', { start, end })).rejects.toThrow(RangeError);
    });

    it('reports a missing object', async () => {
      await expect(store.get('missing/object')).rejects.toThrow(ObjectNotFoundError);
      await expect(store.get('missing/object', { start: 0, end: 1 })).rejects.toMatchObject({
        code: 'OBJECT_NOT_FOUND',
      });
      expect(await store.head('missing/object')).toBeUndefined();
      await store.delete('missing/object');
    });

    it('lists by any prefix, in byte order, without incomplete objects', async () => {
      const keys = ['list/a', 'list/a-b', 'list/a.b/c', 'list/ab/c', 'list/ab/d/e', 'list/b', 'list/\u00e9'];
      for (const key of keys.toReversed()) await store.put(key, Buffer.from(key));
      expect(await listAll(store, 'list/')).toEqual(keys.map((key) => ({ key, bytes: Buffer.byteLength(key) })));
      expect((await listAll(store, 'list/a')).map(({ key }) => key)).toEqual(keys.slice(0, 5));
      expect((await listAll(store, 'list/ab/')).map(({ key }) => key)).toEqual(['list/ab/c', 'list/ab/d/e']);
      expect((await listAll(store, '')).map(({ key }) => key)).toEqual(expect.arrayContaining(keys));
      expect((await listAll(store, '')).filter(({ key }) => key.startsWith('.'))).toEqual([]);
      expect(await listAll(store, 'nothing/')).toEqual([]);
    });

    it('deletes only the given object', async () => {
      await store.put('deleted/one', Buffer.from('1'));
      await store.put('deleted/two', Buffer.from('2'));
      await store.delete('deleted/one');
      expect((await listAll(store, 'deleted/')).map(({ key }) => key)).toEqual(['deleted/two']);
      await store.delete('deleted/two');
      expect(await listAll(store, 'deleted/')).toEqual([]);
      await store.put('deleted/two', Buffer.from('again'));
      expect(await store.head('deleted/two')).toEqual({ bytes: 5 });
    });

    it.each(['../escaped', '/etc/passwd', 'a/../../b', '.incomplete/x', 'a//b', ''])(
      'rejects the key %j in every method',
      async (key) => {
        const expected = { code: 'INVALID_OBJECT_KEY' };
        await expect(store.put(key, Buffer.from('x'))).rejects.toMatchObject(expected);
        await expect(store.get(key)).rejects.toMatchObject(expected);
        await expect(store.head(key)).rejects.toMatchObject(expected);
        await expect(store.delete(key)).rejects.toMatchObject(expected);
      },
    );

    it('ping succeeds', async () => {
      await expect(store.ping()).resolves.toBeUndefined();
    });

    it('records spans of put and get, the former over the complete upload', async () => {
      const tracing = startTracing({ serviceName: 'test', serviceVersion: '0', enabled: true, sampleRatio: 1 });
      let traceId = '';
      let lastChunkAt = 0;
      await withSpan('test', {}, async (span) => {
        traceId = span.spanContext().traceId;
        const body = bigStream(2).on('end', () => (lastChunkAt = Date.now()));
        await store.put('traced', body);
        await (await store.get('traced', { start: 0, end: 9 })).toArray();
        await store.get('untraced').catch(() => undefined);
      });
      const spans = tracing.store?.get(traceId) ?? [];
      await tracing.shutdown();
      const find = (spanName: string): SpanRecord[] => spans.filter((span) => span.name === spanName);
      expect(find('put object').map(({ attributes }) => attributes)).toEqual([
        { 'aion.object.store': name, 'aion.object.bytes': 2 << 20 },
      ]);
      expect(find('get object').map(({ attributes }) => attributes)).toEqual([
        { 'aion.object.store': name, 'aion.object.bytes': 10 },
        { 'aion.object.store': name, 'error.type': 'OBJECT_NOT_FOUND' },
      ]);
      expect(lastChunkAt).toBeGreaterThan(0);
    });
  });
}
