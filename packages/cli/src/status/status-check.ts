import { ApiError } from '@aion/client';
import { routes } from '@aion/contracts';
import { z } from 'zod';
import type { ApiClient } from '../api/api-client.ts';

/** Result of one readiness check of a service. */
export interface StatusCheck {
  readonly service: string;
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string | null;
  readonly duration_ms: number | null;
}

const readinessSchema = z.object({
  service: z.string(),
  ready: z.boolean(),
  checks: z.record(
    z.string(),
    z.object({
      ok: z.boolean(),
      error: z.string().optional(),
      detail: z.string().optional(),
      duration_ms: z.number(),
    }),
  ),
});

const TIMEOUT_MS = 5_000;

/** Checks whether the API answers. @throws UnreachableError */
export async function readApiStatus(client: ApiClient): Promise<StatusCheck> {
  const startedAt = performance.now();
  try {
    await client.request({ method: routes.meta.getOpenApi.method, path: routes.meta.getOpenApi.path });
    return toCheck('api', 'answers', undefined, startedAt);
  } catch (error) {
    if (error instanceof ApiError) return toCheck('api', 'answers', error.message, startedAt);
    throw error;
  }
}

/** Reads the readiness checks of a service from `/readyz` of its admin port. */
export async function readServiceStatus(name: string, adminUrl: string): Promise<readonly StatusCheck[]> {
  const startedAt = performance.now();
  try {
    const answer = await fetch(`${adminUrl.replace(/\/+$/, '')}/readyz`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    const { service, ready, checks } = readinessSchema.parse(await answer.json());
    const rows = Object.entries(checks).map(([check, { ok, error, detail, duration_ms }]) => {
      return { service, check, ok, detail: error ?? detail ?? null, duration_ms };
    });
    const isDraining = !ready && rows.every(({ ok }) => ok);
    return isDraining ? [...rows, toCheck(service, 'takes work', 'it is stopping', startedAt)] : rows;
  } catch (error) {
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    const reason = cause instanceof Error ? cause.message : String(cause);
    return [toCheck(name, 'answers', `${adminUrl}/readyz: ${reason}`, startedAt)];
  }
}

function toCheck(service: string, check: string, problem: string | undefined, startedAt: number): StatusCheck {
  const duration_ms = Math.round(performance.now() - startedAt);
  return { service, check, ok: problem === undefined, detail: problem ?? null, duration_ms };
}
