import { CALLER_HEADER, internalRoute, routes } from '@aion/contracts';
import type { ServiceClient } from '@aion/http';
import { measureMedianMs } from '../measure-median-ms.ts';
import type { BenchTenant } from './bench-tenant.ts';

const REPETITIONS = 15;
const PAGE = 20;
const DAYS = 30;
const DAY_MS = 86_400_000;
/** Number of the page that is compared with the first. */
const FAR_PAGE = 10_000;

/** Reads of a tenant through the gateway; each returns the median of its repetitions in milliseconds. */
export interface TenantReads {
  readonly usageMs: () => Promise<number>;
  readonly firstPageMs: () => Promise<number>;
  readonly farPageMs: () => Promise<number>;
}

/** Prepares the reads. `idAt` returns the id of a generation by its position in the list, newest first. */
export async function createTenantReads(
  client: ServiceClient,
  { tenantId, keyIds: [keyId = ''] }: BenchTenant,
  idAt: (position: number) => Promise<string>,
): Promise<TenantReads> {
  const actor = { actor: `api_key:${keyId}`, actor_id: keyId, person_id: null, scopes: [] };
  const caller = Buffer.from(JSON.stringify({ tenant_id: tenantId, ...actor })).toString('base64url');
  const headers = { [CALLER_HEADER]: caller };
  const usage = internalRoute(routes.usage.get);
  const list = internalRoute(routes.generations.list);
  // The cursor that the preceding page would have returned.
  const last = await idAt((FAR_PAGE - 1) * PAGE);
  const cursor = Buffer.from(`generations:${last}`).toString('base64url');
  const days = daysBefore(await idAt(1));
  const listPage = async (query: { limit: number; cursor?: string }): Promise<void> => {
    const { answer } = await client.call(list, { query, headers });
    if (answer.data.length !== PAGE)
      throw new Error(`The page has ${answer.data.length} generations instead of ${PAGE}.`);
  };
  return {
    usageMs: () =>
      measureMedianMs(REPETITIONS, async () => {
        const { answer } = await client.call(usage, { query: { ...days, group_by: 'day' }, headers });
        if (answer.data.length !== DAYS)
          throw new Error(`The report has ${answer.data.length} days instead of ${DAYS}.`);
      }),
    firstPageMs: () => measureMedianMs(REPETITIONS, () => listPage({ limit: PAGE })),
    farPageMs: () => measureMedianMs(REPETITIONS, () => listPage({ limit: PAGE, cursor })),
  };
}

/** Returns the range of days that ends with the day of an id (UUID v7); explicit days let a run continue after midnight. */
function daysBefore(id: string): { readonly from: string; readonly to: string } {
  const lastMs = Number.parseInt(id.replace('-', '').slice(0, 12), 16);
  const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
  return { from: dayOf(lastMs - (DAYS - 1) * DAY_MS), to: dayOf(lastMs) };
}
