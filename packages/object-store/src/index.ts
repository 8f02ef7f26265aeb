export { checkObjectKey } from './check-object-key.ts';
export { createObjectStore } from './create-object-store.ts';
export { DirectoryObjectStore } from './directory-object-store.ts';
export { InvalidObjectKeyError, ObjectNotFoundError } from './object-store-errors.ts';
export type { ObjectEntry, ObjectRange, ObjectStore } from './object-store.ts';
export { S3ObjectStore, type S3ObjectStoreOptions } from './s3-object-store.ts';
