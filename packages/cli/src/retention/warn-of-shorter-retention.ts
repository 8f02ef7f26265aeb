import { type CurrentRetention, routes } from '@aion/contracts';
import type { ApiClient } from '../api/api-client.ts';
import { ApiError } from '@aion/client';

const { body: policySchema } = routes.retentionPolicies.create;
const { json: currentSchema } = routes.retentionPolicies.getCurrent.response;

/** What is lost by a policy that keeps data for less time than holds now or was to hold; undefined when nothing is. */
export async function warnOfShorterRetention(client: ApiClient, body: unknown): Promise<string | undefined> {
  if (policySchema === undefined || currentSchema === undefined) throw new Error('Both routes have a body.');
  const { retention_class: name, keep_days: days } = policySchema.parse(body);
  const { method, path } = routes.retentionPolicies.getCurrent;
  try {
    const answer = await client.ask({ method, path });
    const current = currentSchema.parse(answer.body).data.find((one) => one.retention_class === name);
    const longest = current === undefined ? 0 : longestOf(current);
    if (days >= longest) return undefined;
    return `This keeps data of the class ${name} for ${days} days and not ${longest}: what is older may be deleted`;
  } catch (error) {
    // A key may be allowed to set what it may not read.
    if (!(error instanceof ApiError && error.status === 403)) throw error;
    return `This keeps data of the class ${name} for ${days} days, which may be less than now: what is older may be deleted`;
  }
}

function longestOf({ keep_days: days, scheduled }: CurrentRetention): number {
  return Math.max(days, ...scheduled.map((policy) => policy.keep_days));
}
