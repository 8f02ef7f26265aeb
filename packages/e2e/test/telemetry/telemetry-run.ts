import { randomUUID } from 'node:crypto';
import { generateAgeIdentity } from '@aion/bundle';
import { callRoute, fetchRoute, watchExportToEnd } from '@aion/client/traced';
import { type TenantExport, routes } from '@aion/contracts';
import { waitFor } from '@aion/testkit';
import { activeSpanIds, withSpan } from '@aion/tracing';
import { CANARIES } from '../support/canaries.ts';
import { spansOfTrace } from '../support/jaeger-spans.ts';
import { startObservedPlatform, type ObservedPlatform } from '../support/observed-platform.ts';

/** Model of the completions. */
export const MODEL = 'plain-1';
const { signal } = new AbortController();

/** A platform with real telemetry backends after two completions and an export in one trace. */
export interface TelemetryRun {
  readonly observed: ObservedPlatform;
  /** Id of the trace of the completions and the export. */
  readonly traceId: string;
  /** The `X-Correlation-Id` of its completions. */
  readonly correlationId: string;
  readonly exported: TenantExport;
  /** Requests a completion in the active span and returns the id of its trace. */
  complete(stream: boolean): Promise<string>;
  exportTenant(): Promise<TenantExport>;
  /** Waits until Jaeger has spans of a trace from every service that a completion passes. */
  untilTraced(traceId: string): Promise<void>;
}

/** Starts the platform and sends the requests; the caller must stop the observed platform. */
export async function startTelemetryRun(programs: {
  readonly jaegerPath: string;
  readonly prometheusPath: string;
}): Promise<TelemetryRun> {
  const observed = await startObservedPlatform({ ...programs, providerKey: CANARIES.providerKey });
  const correlationId = randomUUID();
  const call = { baseUrl: observed.platform.baseUrl, key: observed.key, signal };
  const complete = async (stream: boolean): Promise<string> => {
    const body = { model: MODEL, stream, messages: [{ role: 'user' as const, content: 'Is it?' }] };
    const answer = await fetchRoute(routes.chatCompletions.create, {
      ...call,
      body,
      headers: { 'x-correlation-id': correlationId },
    });
    expect(await answer.text()).toContain('Yes.');
    return activeSpanIds()?.traceId ?? '';
  };
  const exportTenant = async (): Promise<TenantExport> => {
    const { id } = await callRoute(routes.exports.create, {
      ...call,
      body: { recipient: generateAgeIdentity().recipient },
    });
    return watchExportToEnd({ ...call, exportId: id, onProgress: () => undefined });
  };
  const untilTraced = async (traceId: string): Promise<void> => {
    const expected = ['web-api', 'ai-engine', 'database-gateway'];
    const arrived = async (): Promise<boolean> => {
      const services = new Set((await spansOfTrace(observed.jaeger.queryUrl, traceId)).map(({ service }) => service));
      return expected.every((service) => services.has(service));
    };
    await waitFor(arrived, { describe: `the spans of ${expected.join(', ')}`, timeoutMs: 20_000, intervalMs: 200 });
  };
  try {
    return await withSpan('client request', {}, async () => {
      const traceId = await complete(false);
      await complete(true);
      const exported = await exportTenant();
      return { observed, traceId, correlationId, exported, complete, exportTenant, untilTraced };
    });
  } catch (error) {
    await observed.stop();
    throw error;
  }
}
