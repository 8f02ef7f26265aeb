import { createObjectStore } from './create-object-store.ts';
import { DirectoryObjectStore } from './directory-object-store.ts';
import { S3ObjectStore } from './s3-object-store.ts';

describe('createObjectStore', () => {
  it.each(['/abs/dir', 'relative/dir', './dir', 'file:///abs/dir'])('creates a directory store for %s', (url) => {
    expect(createObjectStore(url)).toBeInstanceOf(DirectoryObjectStore);
  });

  it.each(['s3://bucket', 's3://bucket?region=eu-central-1', 's3://bucket?endpoint=http://127.0.0.1:5000&region=x'])(
    'creates an S3 store for %s',
    async (url) => {
      const store = createObjectStore(url);
      expect(store).toBeInstanceOf(S3ObjectStore);
      await store.close();
    },
  );

  it.each([
    ['', /is empty/],
    ['http://host/x', /unknown scheme "http"/],
    ['s3://', /contains no bucket|not a valid/],
    ['s3://bucket/prefix', /has the path \/prefix/],
    ['s3://bucket?endpoint=nowhere', /"nowhere" is not a URL/],
    ['s3://bucket?acl=public', /has the unknown parameter "acl"/],
    ['s3://bucket:x', /not a valid s3 URL/],
  ])('rejects %j', (url, message) => {
    expect(() => createObjectStore(url)).toThrow(TypeError);
    expect(() => createObjectStore(url)).toThrow(message);
  });
});
