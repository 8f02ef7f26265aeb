import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ApiError } from '@aion/client';
import { callRoute } from '@aion/client/traced';
import { SCOPES, type Scope, routes } from '@aion/contracts';
import { errorCode } from '@aion/errors';
import { z } from 'zod';
import { writePrivateFile } from '../platform/private-file.ts';

const tenantSchema = z.object({
  id: z.string(),
  name: z.string(),
  key: z.string(),
  /** Completions that this tenant has received, over all runs. */
  completions: z.number().int().min(0),
});
const tenantsSchema = z.tuple([tenantSchema, tenantSchema]);
/** A tenant of the demo with its key. */
export type DemoTenant = z.output<typeof tenantSchema>;
/** The tenant of the story, and the one whose data must be nowhere in the other's. */
export type DemoTenants = z.output<typeof tenantsSchema>;

const WANTED: readonly { readonly name: string; readonly scopes: readonly Scope[] }[] = [
  { name: 'Demo tenant', scopes: SCOPES },
  { name: 'Second demo tenant', scopes: SCOPES.filter((scope) => scope !== 'trace') },
];

/** The demo's tenants between runs: keys are shown once, so they are kept in a file of mode 600. */
export interface TenantStore {
  /** The tenants of an earlier run when their keys still work, else new ones. */
  load(): Promise<{ readonly tenants: DemoTenants; readonly created: boolean }>;
  /** Keeps the number of completions. */
  save(tenants: DemoTenants): Promise<void>;
}

/** Creates the store. */
export function createTenantStore(options: {
  readonly stateDir: string;
  readonly baseUrl: string;
  readonly operatorKey: string;
  readonly signal: AbortSignal;
}): TenantStore {
  const { baseUrl, operatorKey, signal } = options;
  const path = join(options.stateDir, 'demo-tenants.json');
  const save = (tenants: DemoTenants): Promise<void> => writePrivateFile(path, `${JSON.stringify(tenants, null, 2)}\n`);

  const works = async ({ key }: DemoTenant): Promise<boolean> => {
    try {
      await callRoute(routes.models.list, { baseUrl, key, signal });
      return true;
    } catch (error) {
      // Another database than that of the last run does not know the key.
      if (error instanceof ApiError && error.status === 401) return false;
      throw error;
    }
  };
  const create = async ({ name, scopes }: (typeof WANTED)[number]): Promise<DemoTenant> => {
    const tenant = await callRoute(routes.tenants.create, { baseUrl, key: operatorKey, body: { name }, signal });
    const { key } = await callRoute(routes.apiKeys.create, {
      baseUrl,
      key: operatorKey,
      params: { tenant_id: tenant.id },
      body: { name: 'demo', scopes: [...scopes] },
      signal,
    });
    return { id: tenant.id, name, key, completions: 0 };
  };
  return {
    save,
    load: async () => {
      const kept = await readTenants(path);
      if (kept !== undefined) {
        const areKnown = await Promise.all(kept.map(works));
        if (areKnown.every(Boolean)) return { tenants: kept, created: false };
      }
      const tenants = tenantsSchema.parse(await Promise.all(WANTED.map(create)));
      await save(tenants);
      return { tenants, created: true };
    },
  };
}

async function readTenants(path: string): Promise<DemoTenants | undefined> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  return text === undefined ? undefined : tenantsSchema.safeParse(JSON.parse(text)).data;
}
