import { checkFileName } from './check-file-name.ts';

const isNamedAfterExport = (name: string, text: string): boolean =>
  checkFileName(`packages/a/src/${name}.ts`, text).length === 0;

describe('checkFileName', () => {
  it.each([
    ['key-cache', 'export function keyCache() {}'],
    ['key-cache', 'export class KeyCache {}'],
    ['key-cache', 'export interface KeyCacheOptions {}\nexport const createKeyCache = () => 1;'],
    ['key-caches', 'export const KEY_CACHES = [];'],
    ['retention-policy', 'export type RetentionPolicies = [];'],
    ['openai-error', 'export function toOpenAiError() {}'],
    ['sha256-text', 'const sha256Text = 1;\nexport { sha256Text };'],
    ['testing', 'export { FakeStore } from "./fake-store.ts";'],
    ['main-like', 'run();'],
    ['membership-store', 'export function insertMembership() {}'],
    ['job-errors', 'export class RetryLaterError extends Error {}'],
    ['types', 'export interface JobQueue {}'],
  ])('accepts %s.ts with %j', (name, text) => {
    expect(isNamedAfterExport(name, text)).toBe(true);
  });

  it.each([
    ['key-cache', 'export function cacheOfKeys() {}'],
    ['key-cache', 'const keyCache = 1;\nexport const other = keyCache;'],
    ['key-cache', 'const other = 1;\nexport { other };'],
    ['key', 'export const keyboard = 1;'],
    ['read-body', 'export const readRequestBody = 1;'],
  ])('rejects %s.ts with %j', (name, text) => {
    expect(isNamedAfterExport(name, text)).toBe(false);
  });

  it('names the exports in its message', () => {
    expect(checkFileName('packages/a/src/b.ts', 'export const c = 1;\nexport type D = 1;')).toEqual([
      { path: 'packages/a/src/b.ts', line: 1, message: 'file is named after none of its exports (c, D)' },
    ]);
  });
});
