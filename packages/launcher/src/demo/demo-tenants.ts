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
/** The tenant that is exported, and a second one whose data must not appear in the export. */
export type DemoTenants = z.output<typeof tenantsSchema>;

const NEW_TENANTS: readonly { readonly name: string; readonly scopes: readonly Scope[] }[] = [
  { name: 'Demo tenant', scopes: SCOPES },
  { name: 'Second demo tenant', scopes: SCOPES.filter((scope) => scope !== 'trace') },
];

/** Stores the tenants of the demo between runs. Keys are returned only once, so they are stored in a file of mode 600. */
export interface TenantStore {
  /** Returns the tenants of an earlier run if their keys are still valid, otherwise new ones. */
  load(): Promise<{ readonly tenants: DemoTenants; readonly created: boolean }>;
  /** Saves the tenants with their numbers of completions. */
  save(tenants: DemoTenants): Promise<void>;
}

/** Creates a {@link TenantStore} in the state directory. */
export function createTenantStore(options: {
  readonly stateDir: string;
  readonly baseUrl: string;
  readonly operatorKey: string;
  readonly signal: AbortSignal;
}): TenantStore {
  const { baseUrl, operatorKey, signal } = options;
  const path = join(options.stateDir, 'demo-tenants.json');
  const save = (tenants: DemoTenants): Promise<void> => writePrivateFile(path, `${JSON.stringify(tenants, null, 2)}\n`);

  const isKeyValid = async ({ key }: DemoTenant): Promise<boolean> => {
    try {
      await callRoute(routes.models.list, { baseUrl, key, signal });
      return true;
    } catch (error) {
      // The database differs from that of the last run.
      if (error instanceof ApiError && error.status === 401) return false;
      throw error;
    }
  };
  const create = async ({ name, scopes }: (typeof NEW_TENANTS)[number]): Promise<DemoTenant> => {
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
      const stored = await readTenants(path);
      if (stored !== undefined) {
        const areValid = await Promise.all(stored.map(isKeyValid));
        if (areValid.every(Boolean)) return { tenants: stored, created: false };
      }
      const tenants = tenantsSchema.parse(await Promise.all(NEW_TENANTS.map(create)));
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
