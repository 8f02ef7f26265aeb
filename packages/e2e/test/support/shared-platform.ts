import { z } from 'zod';
import { SHARED_PLATFORM_URL } from './shared-platform-server.ts';

const schema = z.object({
  baseUrl: z.string(),
  adminUrls: z.record(z.string(), z.string()),
  operatorKey: z.string(),
  auditPublicKey: z.string(),
  /** The platform's state directory. */
  stateDir: z.string(),
});

/** A platform that all suites of a run share. */
export type SharedPlatform = z.infer<typeof schema>;

/**
 * Returns the platform that suites share, and starts it for the first of them. Other suites use it at the same time: each
 * has its own tenants, and none stops or configures the platform or counts what belongs to all tenants.
 */
export async function getSharedPlatform(): Promise<SharedPlatform> {
  const response = await fetch(process.env[SHARED_PLATFORM_URL] ?? '');
  if (!response.ok) throw new Error(`The shared platform did not start: ${await response.text()}`);
  return schema.parse(await response.json());
}
