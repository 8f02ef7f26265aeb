import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describeWithProgram } from '@aion/testkit';
import { createAlertRules } from '../generate/alert-rules.ts';
import { metricsOf, type Alert } from './alert.ts';
import { DATA_ALERTS } from './data-alerts.ts';

/** What an alert must do with a series: minute by minute, in the notation of promtool. */
interface Scenario {
  readonly alert: string;
  readonly series: string;
  readonly values: string;
  /** Minutes at which nobody is told, and at which somebody is. */
  readonly quiet: readonly number[];
  readonly firing: readonly number[];
}

const on = (name: string, labels = '') => `${name}{job="database-gateway",instance="a"${labels}}`;
/** All is well for ten minutes, not for twenty, and then again. */
const FAULT = '0x9 1x19 0x9';

const SCENARIOS: readonly Scenario[] = [
  {
    ...{ alert: 'DefaultPartitionNotEmpty', series: on('aion_default_partition_rows', ',table="generations"') },
    ...{ values: FAULT, quiet: [9, 14, 35], firing: [15, 29] },
  },
  { alert: 'SchemaDrift', series: on('aion_schema_drift'), values: FAULT, quiet: [9, 14, 35], firing: [15, 29] },
  {
    ...{ alert: 'AuditChainBroken', series: on('aion_audit_chain_ok') },
    ...{ values: '1x9 0x19 1x9', quiet: [9, 31], firing: [10, 29] },
  },
  {
    ...{ alert: 'AuditNotVerified' },
    series: on('aion_job_last_success_timestamp_seconds', ',exported_job="audit-verify"'),
    // It succeeded in the first minute, and again in the thirtieth.
    ...{ values: '0x29 1800x9', quiet: [15, 20, 31], firing: [21, 29] },
  },
  {
    ...{ alert: 'OutboxStuck', series: on('aion_outbox_oldest_age_seconds') },
    ...{ values: '0x9 300 301x9 0x9', quiet: [10, 12, 22], firing: [13, 20] },
  },
  {
    ...{ alert: 'OutboxRowsParked', series: on('aion_outbox_parked_rows', ',reason="refused"') },
    ...{ values: FAULT, quiet: [9, 10, 31], firing: [11, 29] },
  },
  { alert: 'UsageDiffers', series: on('aion_usage_difference'), values: FAULT, quiet: [9, 14, 35], firing: [15, 29] },
  {
    ...{ alert: 'UsageRollupBehind', series: on('aion_usage_rollup_lag_seconds') },
    ...{ values: '0x9 300 301x9 0x9', quiet: [10, 15, 22], firing: [16, 20] },
  },
  {
    ...{ alert: 'SealedUnderUnknownKey', series: on('aion_sealed_rows', ',sealed_under="unknown"') },
    ...{ values: FAULT, quiet: [9, 14, 35], firing: [15, 29] },
  },
];

describeWithProgram('prometheus', 'the rules of Prometheus', (prometheusPath) => {
  const promtool = join(dirname(prometheusPath), 'promtool');
  const directory = mkdtempSync(join(tmpdir(), 'aion-rules-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  /** Whether the rules do what the scenarios say, and what promtool says of it. */
  const check = (alerts: readonly Alert[], scenarios = SCENARIOS): { ok: boolean; output: string } => {
    const rules = join(directory, 'rules.yml');
    writeFileSync(rules, createAlertRules('aion-data', alerts));
    const tests = join(directory, 'tests.json');
    writeFileSync(tests, JSON.stringify(testsOf(rules, alerts, scenarios)));
    try {
      return {
        ok: true,
        output: execFileSync(promtool, ['test', 'rules', tests], { encoding: 'utf8', stdio: 'pipe' }),
      };
    } catch (error) {
      return { ok: false, output: error instanceof Error ? error.message : String(error) };
    }
  };

  it('tell what is wrong when it has lasted, and stop when it is mended', () => {
    expect(SCENARIOS.map(({ alert }) => alert)).toEqual(
      DATA_ALERTS.map(({ name }) => name).filter((name) => name !== 'DataMetricMissing'),
    );
    expect(check(DATA_ALERTS)).toMatchObject({ ok: true });
  });

  it('tell which metric has gone', () => {
    const names = metricsOf(DATA_ALERTS.at(-1)?.expr ?? '');
    expect(names).toHaveLength(9);
    const rules = join(directory, 'rules.yml');
    writeFileSync(rules, createAlertRules('aion-data', DATA_ALERTS));
    const [gone = '', ...others] = names;
    const alert = DATA_ALERTS.at(-1);
    const input = others.map((name) => ({ series: `${name}{job="a"}`, values: '1x60' }));
    const annotations = { description: alert?.description, runbook: 'docs/runbooks/data-metric-missing.md' };
    const expected = [
      {
        exp_labels: { metric: gone, severity: 'warning', team: 'platform' },
        exp_annotations: { ...annotations, summary: `${gone} is not there` },
      },
    ];
    const tests = join(directory, 'missing.json');
    const at = (minute: number, alerts: unknown[]) => ({
      ...{ eval_time: `${minute}m`, alertname: 'DataMetricMissing', exp_alerts: alerts },
    });
    writeFileSync(
      tests,
      JSON.stringify({
        ...{ rule_files: [rules], evaluation_interval: '1m' },
        tests: [{ interval: '1m', input_series: input, alert_rule_test: [at(14, []), at(15, expected)] }],
      }),
    );
    expect(execFileSync(promtool, ['test', 'rules', tests], { encoding: 'utf8', stdio: 'pipe' })).toContain('SUCCESS');
  });

  const mutants = DATA_ALERTS.slice(0, -1).flatMap(
    (alert) =>
      [
        { ...alert, mutation: 'the other comparison', expr: flip(alert.expr) },
        { ...alert, mutation: 'ten times the threshold', expr: alert.expr.replace(/(?<=[<>] )(\d+)$/, tenfold) },
        { ...alert, mutation: 'a longer wait', forMinutes: alert.forMinutes + 1 },
        { ...alert, mutation: 'no wait', forMinutes: 0 },
        { ...alert, mutation: 'another severity', severity: alert.severity === 'critical' ? 'warning' : 'critical' },
      ] as const,
  );
  const different = mutants.filter((mutant) =>
    DATA_ALERTS.every(
      ({ name, expr, forMinutes, severity }) =>
        name !== mutant.name ||
        expr !== mutant.expr ||
        forMinutes !== mutant.forMinutes ||
        severity !== mutant.severity,
    ),
  );
  it.each(different.map((mutant) => [mutant.name, mutant.mutation, mutant] as const))(
    'are not what they must be when %s has %s',
    (name, _mutation, mutant) => {
      const mutated = DATA_ALERTS.map((alert) => (alert.name === name ? mutant : alert));
      const own = SCENARIOS.filter(({ alert }) => alert === name);
      expect(check(mutated, own)).toMatchObject({ ok: false, output: expect.stringContaining(name) });
    },
  );
});

function flip(expr: string): string {
  return expr.replace(/ ([<>]) (?=\d+$)/, (_match, sign: string) => (sign === '<' ? ' > ' : ' < '));
}

function tenfold(threshold: string): string {
  return String(Number(threshold) * 10 || 10);
}

/** https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/ */
function testsOf(rules: string, alerts: readonly Alert[], scenarios: readonly Scenario[]) {
  return {
    rule_files: [rules],
    evaluation_interval: '1m',
    tests: scenarios.map((scenario) => ({
      interval: '1m',
      input_series: [{ series: scenario.series, values: scenario.values }],
      alert_rule_test: [
        ...scenario.quiet.map((minute) => ({ eval_time: `${minute}m`, alertname: scenario.alert, exp_alerts: [] })),
        ...scenario.firing.map((minute) => ({
          eval_time: `${minute}m`,
          alertname: scenario.alert,
          exp_alerts: [expectedOf(scenario, minute, alerts)],
        })),
      ],
    })),
  };
}

/** What is told: the annotations of the alert as they were before any mutation, with what they are filled in with. */
function expectedOf({ alert: name, series }: Scenario, minute: number, alerts: readonly Alert[]) {
  const alert = DATA_ALERTS.find((each) => each.name === name);
  if (alert === undefined || !alerts.some((each) => each.name === name)) throw new Error(`no alert ${name}`);
  const labels = Object.fromEntries(
    [...series.matchAll(/(\w+)="([^"]*)"/g)].map(([, label = '', value = '']) => [label, value]),
  );
  const kept = /by \((\w+)\)/.exec(alert.expr)?.[1];
  const filled: Readonly<Record<string, string>> = {
    DefaultPartitionNotEmpty: '1 rows of generations are in the default partition',
    AuditNotVerified: `The audit trail was last verified ${minute}m 0s ago`,
    OutboxStuck: 'The oldest row of the outbox has waited for 5m 1s',
    OutboxRowsParked: '1 rows of the outbox are parked: refused',
    UsageDiffers: 'Usage differs from its generations by 1',
    UsageRollupBehind: 'Usage is summed up 5m 1s late',
    SealedUnderUnknownKey: '1 sealed rows cannot be opened',
  };
  return {
    exp_labels: {
      ...{ severity: alert.severity, team: 'platform' },
      ...(kept === undefined ? {} : { [kept]: labels[kept] }),
    },
    exp_annotations: {
      summary: filled[name] ?? alert.summary,
      description: alert.description,
      runbook: `docs/runbooks/${name.replaceAll(/([a-z])([A-Z])/g, '$1-$2').toLowerCase()}.md`,
    },
  };
}
