import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describeWithProgram } from '@aion/testkit';
import { createAlertRules } from '../generate/alert-rules.ts';
import { metricsOf, type Alert } from './alert.ts';
import { DATA_ALERTS } from './data-alerts.ts';

/** Series in promtool's notation, and the minutes at which an alert fires. */
interface Scenario {
  readonly alert: string;
  readonly series: string;
  readonly values: string;
  /** Minutes at which the alert does not fire. */
  readonly quiet: readonly number[];
  /** Minutes at which the alert fires. */
  readonly firing: readonly number[];
}

const on = (name: string, labels = '') => `${name}{job="database-gateway",instance="a"${labels}}`;
/** Ten healthy minutes, twenty faulty ones, ten healthy ones. */
const FAULT = '0x9 1x19 0x9';

const SCENARIOS: readonly Scenario[] = [
  {
    alert: 'DefaultPartitionNotEmpty',
    series: on('aion_default_partition_rows', ',table="generations"'),
    values: FAULT,
    quiet: [9, 14, 35],
    firing: [15, 29],
  },
  { alert: 'SchemaDrift', series: on('aion_schema_drift'), values: FAULT, quiet: [9, 14, 35], firing: [15, 29] },
  {
    alert: 'AuditChainBroken',
    series: on('aion_audit_chain_ok'),
    values: '1x9 0x19 1x9',
    quiet: [9, 31],
    firing: [10, 29],
  },
  {
    alert: 'AuditNotVerified',
    series: on('aion_job_last_success_timestamp_seconds', ',exported_job="audit-verify"'),
    // It succeeded in the first minute, and again in the thirtieth.
    values: '0x29 1800x9',
    quiet: [15, 20, 31],
    firing: [21, 29],
  },
  {
    alert: 'OutboxStuck',
    series: on('aion_outbox_oldest_age_seconds'),
    values: '0x9 300 301x9 0x9',
    quiet: [10, 12, 22],
    firing: [13, 20],
  },
  {
    alert: 'OutboxRowsParked',
    series: on('aion_outbox_parked_rows', ',reason="refused"'),
    values: FAULT,
    quiet: [9, 10, 31],
    firing: [11, 29],
  },
  { alert: 'UsageDiffers', series: on('aion_usage_difference'), values: FAULT, quiet: [9, 14, 35], firing: [15, 29] },
  {
    alert: 'UsageRollupBehind',
    series: on('aion_usage_rollup_lag_seconds'),
    values: '0x9 300 301x9 0x9',
    quiet: [10, 15, 22],
    firing: [16, 20],
  },
  {
    alert: 'SealedUnderUnknownKey',
    series: on('aion_sealed_rows', ',sealed_under="unknown"'),
    values: FAULT,
    quiet: [9, 14, 35],
    firing: [15, 29],
  },
];

describeWithProgram('prometheus', 'alerting rules', (prometheusPath) => {
  const promtool = join(dirname(prometheusPath), 'promtool');
  const directory = mkdtempSync(join(tmpdir(), 'aion-rules-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  /** Tests the rules against the scenarios with promtool; returns its result and output. */
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

  it('fire when a fault has lasted, and resolve when it ends', () => {
    expect(SCENARIOS.map(({ alert }) => alert)).toEqual(
      DATA_ALERTS.map(({ name }) => name).filter((name) => name !== 'DataMetricMissing'),
    );
    expect(check(DATA_ALERTS)).toMatchObject({ ok: true });
  });

  it('fire for an absent metric and name it', () => {
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
        exp_annotations: { ...annotations, summary: `${gone} is absent` },
      },
    ];
    const tests = join(directory, 'missing.json');
    const at = (minute: number, alerts: unknown[]) => ({
      eval_time: `${minute}m`,
      alertname: 'DataMetricMissing',
      exp_alerts: alerts,
    });
    writeFileSync(
      tests,
      JSON.stringify({
        rule_files: [rules],
        evaluation_interval: '1m',
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
    'fail their scenarios when %s has %s',
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

/** Creates a test file of promtool: https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/ */
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

/** Returns the labels and annotations that the alert has before any mutation, with its templates expanded. */
function expectedOf({ alert: name, series }: Scenario, minute: number, alerts: readonly Alert[]) {
  const alert = DATA_ALERTS.find((each) => each.name === name);
  if (alert === undefined || !alerts.some((each) => each.name === name)) throw new Error(`unknown alert ${name}`);
  const labels = Object.fromEntries(
    [...series.matchAll(/(\w+)="([^"]*)"/g)].map(([, label = '', value = '']) => [label, value]),
  );
  const grouped = /by \((\w+)\)/.exec(alert.expr)?.[1];
  const summaries: Readonly<Record<string, string>> = {
    DefaultPartitionNotEmpty: '1 rows of generations are in the default partition',
    AuditNotVerified: `The audit trail was last verified ${minute}m 0s ago`,
    OutboxStuck: 'The oldest row of the outbox has waited for 5m 1s',
    OutboxRowsParked: '1 rows of the outbox are dead-lettered: refused',
    UsageDiffers: 'Usage differs from its generations by 1',
    UsageRollupBehind: 'The rollup of usage is 5m 1s late',
    SealedUnderUnknownKey: '1 encrypted rows cannot be decrypted',
  };
  return {
    exp_labels: {
      severity: alert.severity,
      team: 'platform',
      ...(grouped === undefined ? {} : { [grouped]: labels[grouped] }),
    },
    exp_annotations: {
      summary: summaries[name] ?? alert.summary,
      description: alert.description,
      runbook: `docs/runbooks/${name.replaceAll(/([a-z])([A-Z])/g, '$1-$2').toLowerCase()}.md`,
    },
  };
}
