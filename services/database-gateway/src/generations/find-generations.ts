import type { TenantTransaction } from '../database/database.ts';

/** Returns those of the ids that are generations of the tenant. */
export async function findGenerations(
  transaction: TenantTransaction,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const rows = await transaction.query<{ id: string }>({
    table: 'generations',
    text: `
      SELECT id FROM generations
      WHERE tenant_id = $1 AND id = ANY ($2::uuid[]) AND created_at BETWEEN uuid_v7_time($3) AND uuid_v7_time($4)`,
    values: [transaction.tenantId, ids, ...idRange(ids)],
  });
  return new Set(rows.map(({ id }) => id));
}

/** Returns the first and the last of ids of UUID v7, whose times limit the partitions that contain them. */
export function idRange(ids: readonly string[]): [first: string, last: string] {
  const [first, ...others] = ids;
  if (first === undefined) throw new RangeError('An empty list of ids has no range.');
  return others.reduce<[string, string]>(
    ([low, high], id) => [id < low ? id : low, id > high ? id : high],
    [first, first],
  );
}
