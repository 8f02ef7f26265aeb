import { stringify } from 'yaml';
import { runbookOf, type Alert } from '../alerts/alert.ts';

/** Creates a Prometheus rule file from alerts. */
export function createAlertRules(group: string, alerts: readonly Alert[]): string {
  const rules = alerts.map((alert) => ({
    alert: alert.name,
    expr: alert.expr,
    for: `${alert.forMinutes}m`,
    labels: { severity: alert.severity, team: 'platform' },
    annotations: { summary: alert.summary, description: alert.description, runbook: runbookOf(alert) },
  }));
  const head = '# Generated from ops/alerts by `pnpm generate`.\n';
  return head + stringify({ groups: [{ name: group, rules }] }, { lineWidth: 0 });
}
