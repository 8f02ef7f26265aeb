import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DirectoryObjectStore } from './directory-object-store.ts';
import type { ObjectStore } from './object-store.ts';
import { S3ObjectStore } from './s3-object-store.ts';

const FORMS = 'Use a directory, "file:///abs/dir" or "s3://bucket?endpoint=http://host:port&region=name"';

/**
 * Creates the object store of a URL: a directory path, `file:///abs/dir`, or `s3://bucket` with `endpoint` and
 * `region` as optional query parameters. The SDK's default chain provides the credentials for S3.
 * @throws {TypeError} naming the problem of the URL.
 */
export function createObjectStore(url: string): ObjectStore {
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(url)?.[1]?.toLowerCase();
  if (url === '') throw new TypeError(`The object store URL is empty. ${FORMS}.`);
  if (scheme === undefined) return new DirectoryObjectStore(resolve(url));
  if (!URL.canParse(url)) throw new TypeError(`The object store URL is not a valid ${scheme} URL. ${FORMS}.`);
  if (scheme === 'file') return new DirectoryObjectStore(fileURLToPath(url));
  if (scheme === 's3') return createS3Store(new URL(url));
  throw new TypeError(`The object store URL has the unknown scheme "${scheme}". ${FORMS}.`);
}

function createS3Store(url: URL): ObjectStore {
  const { hostname: bucket, pathname, searchParams } = url;
  if (bucket === '') throw new TypeError(`The object store URL "${url.href}" contains no bucket. ${FORMS}.`);
  if (pathname !== '' && pathname !== '/') {
    throw new TypeError(
      `The object store URL "${url.href}" has the path ${pathname}; keys start at the root of the bucket. ${FORMS}.`,
    );
  }
  for (const name of searchParams.keys()) {
    if (name !== 'endpoint' && name !== 'region')
      throw new TypeError(`The object store URL has the unknown parameter "${name}". ${FORMS}.`);
  }
  const endpoint = searchParams.get('endpoint');
  const region = searchParams.get('region');
  if (endpoint !== null && !URL.canParse(endpoint))
    throw new TypeError(`The endpoint "${endpoint}" is not a URL. ${FORMS}.`);
  return new S3ObjectStore({
    bucket,
    ...(endpoint === null ? {} : { endpoint }),
    ...(region === null ? {} : { region }),
  });
}
