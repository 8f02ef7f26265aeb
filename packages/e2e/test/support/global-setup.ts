import { SHARED_PLATFORM_URL, startSharedPlatformServer, type SharedPlatformServer } from './shared-platform-server.ts';

/** Jest's setup and teardown are separate modules of one process, which share `globalThis` only. */
export const SERVER_KEY = Symbol.for('@aion/e2e/shared-platform');

/** Jest's `globalSetup`: makes one platform available to all suites that do not stop or reconfigure theirs. */
export default async function globalSetup(): Promise<void> {
  const server = await startSharedPlatformServer();
  Reflect.set(globalThis, SERVER_KEY, server satisfies SharedPlatformServer);
  process.env[SHARED_PLATFORM_URL] = server.url;
}
