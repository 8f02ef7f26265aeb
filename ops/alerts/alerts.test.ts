import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CATALOGUE } from '@aion/metrics';
import { metricsOf, runbookOf } from './alert.ts';
import { DATA_ALERTS } from './data-alerts.ts';

const root = join(import.meta.dirname, '..', '..');
const HEADINGS = ['Meaning', 'Impact', 'Verification', 'Diagnosis', 'Mitigation', 'Escalation', 'Related'];

describe.each(DATA_ALERTS.map((alert) => [alert.name, alert] as const))('alert %s', (_name, alert) => {
  it('reads only metrics of the catalogue and fires within an hour', () => {
    expect(metricsOf(alert.expr)).not.toEqual([]);
    expect(metricsOf(alert.expr).filter((metric) => !Object.hasOwn(CATALOGUE, metric))).toEqual([]);
    expect(alert.forMinutes * 60).toBeLessThanOrEqual(3_600);
  });

  it('has a runbook with the common headings', () => {
    const text = readFileSync(join(root, runbookOf(alert)), 'utf8');
    expect([...text.matchAll(/^# (.+)$/gm)].map(([, title]) => title)[0]).toBe(alert.name);
    expect([...text.matchAll(/^## (.+)$/gm)].map(([, title]) => title)).toEqual(HEADINGS);
    expect(text).toContain('```promql');
  });
});

it('every runbook belongs to an alert', () => {
  const files = readdirSync(join(root, 'docs', 'runbooks')).map((file) => `docs/runbooks/${file}`);
  expect(files.toSorted()).toEqual(DATA_ALERTS.map(runbookOf).toSorted());
  expect(existsSync(join(root, 'ops/prometheus/rules/aion-data.yml'))).toBe(true);
});
