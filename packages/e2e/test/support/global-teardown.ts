import { SERVER_KEY } from './global-setup.ts';
import type { SharedPlatformServer } from './shared-platform-server.ts';

/** Jest's `globalTeardown`: stops the shared platform if a suite used it. */
export default async function globalTeardown(): Promise<void> {
  // Set by the setup of this run.
  const server = Reflect.get(globalThis, SERVER_KEY) as SharedPlatformServer | undefined;
  await server?.stop();
}
