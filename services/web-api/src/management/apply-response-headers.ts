import type { Reply } from '@aion/http';

/** Response of database-gateway to a route of the management API. */
export interface InternalResponse<A> {
  readonly answer: A;
  readonly version: number | null;
  readonly replayed: boolean;
}

/** Sets the headers for the version of a resource and for a replayed response, and returns the answer. */
export function applyResponseHeaders<A>({ answer, version, replayed }: InternalResponse<A>, reply: Reply): A {
  if (version !== null) reply.setHeader('etag', `"${version}"`);
  if (replayed) reply.setHeader('idempotent-replayed', 'true');
  return answer;
}
