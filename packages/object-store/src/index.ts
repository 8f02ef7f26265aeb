export { assertObjectKey } from './assert-object-key.ts';
export { createObjectStore } from './create-object-store.ts';
export { DirectoryObjectStore } from './directory-object-store.ts';
export { InvalidObjectKeyError } from './invalid-object-key-error.ts';
export { ObjectNotFoundError } from './object-not-found-error.ts';
export type { ObjectEntry, ObjectRange, ObjectStore } from './object-store.ts';
export { S3ObjectStore, type S3ObjectStoreOptions } from './s3-object-store.ts';
