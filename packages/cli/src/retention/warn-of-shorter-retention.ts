import { ApiError } from '@aion/client';
import { type CurrentRetention, routes } from '@aion/contracts';
import type { ApiClient } from '../api/api-client.ts';

const { body: policySchema } = routes.retentionPolicies.create;
const { json: currentSchema } = routes.retentionPolicies.getCurrent.response;

/** Describes the effect of a policy that is shorter than the current and all scheduled ones; undefined if it is not. */
export async function warnOfShorterRetention(client: ApiClient, body: unknown): Promise<string | undefined> {
  if (policySchema === undefined || currentSchema === undefined) throw new Error('Both routes have a body.');
  const { retention_class: name, keep_days: days } = policySchema.parse(body);
  const { method, path } = routes.retentionPolicies.getCurrent;
  try {
    const answer = await client.request({ method, path });
    const current = currentSchema.parse(answer.body).data.find((one) => one.retention_class === name);
    const longest = current === undefined ? 0 : findLongestDays(current);
    if (days >= longest) return undefined;
    return `This retains data of the class ${name} for ${days} days instead of ${longest}, and older data may be deleted`;
  } catch (error) {
    // A key may have the scope to set a policy without the one to read it.
    if (!(error instanceof ApiError && error.status === 403)) throw error;
    return `This retains data of the class ${name} for ${days} days, which may be less than now, and older data may be deleted`;
  }
}

function findLongestDays({ keep_days: days, scheduled }: CurrentRetention): number {
  return Math.max(days, ...scheduled.map((policy) => policy.keep_days));
}
