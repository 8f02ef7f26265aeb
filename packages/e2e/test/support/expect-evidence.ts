import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createTarSource, verifyBundle } from '@aion/bundle';
import type { Evidence } from '@aion/launcher/testing';

/** Asserts the answers of the extractive model to `examples/conversations.jsonl`. */
export function expectCompletions({ responses, models }: Evidence): void {
  expect(models).toContain('embedded/extractive');
  expect(responses.map(({ error }) => error)).toEqual(responses.map(() => null));
  expect(responses.map(({ streamed }) => streamed)).toEqual([false, true, false, true, false, true]);
  const answers = responses.map(({ answer }) => answer);
  expect(answers[0]).toBe('Refunds are paid to the card that was used for the purchase within five working days.');
  expect(answers[2]).toBe('The search service is owned by the discovery team.');
  expect(answers[3]?.split('\n').map((line) => line.slice(0, 2))).toEqual(['- ', '- ', '- ']);
  expect(answers[4]).toContain('1878');
  expect(answers[5]).toContain('48 Millionen Euro');
  for (const { id, completionTokens, promptTokens, durationMs } of responses) {
    expect(id).toMatch(/^chatcmpl-/);
    expect(promptTokens).toBeGreaterThan(0);
    expect(completionTokens).toBeGreaterThan(0);
    expect(durationMs).toBeGreaterThan(0);
  }
  expect(new Set(responses.map(({ id }) => id)).size).toBe(responses.length);
}

/** Asserts that the bundle is ready and complete, and verifies its file again. */
export async function expectBundle(
  { export: exported, tenants, responses }: Evidence,
  stateDir: string,
): Promise<void> {
  expect(exported).toMatchObject({
    state: 'ready',
    verification: { ok: true, contentChecked: true, signerTrusted: true },
  });
  const { id = '', bundlePath = '', bundleBytes, identityPath = '', rows = {}, totalRows } = exported ?? {};
  expect(bundlePath).toBe(join(stateDir, 'demo', `${id}.tar`));
  expect(statSync(bundlePath).size).toBe(bundleBytes);
  expect(statSync(identityPath).mode & 0o777).toBe(0o600);
  expect(Object.values(rows).reduce((total, count) => total + count, 0)).toBe(totalRows);
  expect(rows['tenants']).toBe(1);
  expect(rows['generations']).toBeGreaterThanOrEqual(responses.length);
  expect(tenants).toHaveLength(2);
  const report = await verifyBundle({
    source: createTarSource(bundlePath),
    identity: readFileSync(identityPath, 'utf8'),
  });
  expect(report).toMatchObject({ ok: true, contentChecked: true, exportId: id, totals: { rows: totalRows } });
}

/** Asserts that the trace is one tree through all processes that includes the path of the export. */
export function expectTrace({ traceId, spans, services, spansExportedTo }: Evidence): void {
  expect(traceId).toMatch(/^[0-9a-f]{32}$/);
  expect(spansExportedTo).toBeNull();
  expect(new Set(spans.list.map((span) => span.traceId))).toEqual(new Set([traceId]));
  expect(services).toEqual(['ai-engine', 'data-export', 'database-gateway', 'demo-client', 'web-api']);
  expect(spans.tree).toHaveLength(1);
  expect(spans.tree[0]?.span).toMatchObject({ name: 'demo', service: 'demo-client' });
  const byId = new Map(spans.list.map((span) => [span.spanId, span]));
  const pathOf = (spanId: string | undefined): string[] => {
    const span = byId.get(spanId ?? '');
    return span === undefined ? [] : [...pathOf(span.parentSpanId), span.service];
  };
  const servicesOfExport = ['demo-client', 'web-api', 'database-gateway', 'data-export', 'database-gateway'];
  const copy = spans.list.find(({ name }) => name === 'COPY generations');
  // From the client through the API, the outbox and the queue to the worker, and from it into the database.
  expect(pathOf(copy?.spanId).filter((service, index, all) => service !== all[index - 1])).toEqual(servicesOfExport);
}
