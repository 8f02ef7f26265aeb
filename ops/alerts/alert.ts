/** Alert that Prometheus evaluates. */
export interface Alert {
  /** Name in PascalCase; its runbook is `docs/runbooks/<name in kebab-case>.md`. */
  readonly name: string;
  /** PromQL over metrics of the catalogue; returns a series while the condition holds, and none otherwise. */
  readonly expr: string;
  /** Minutes for which the condition must hold before the alert fires. */
  readonly forMinutes: number;
  /** `critical`: act now, at any hour. `warning`: act in working hours. */
  readonly severity: 'critical' | 'warning';
  /** One line; Prometheus replaces `{{ $value }}` and `{{ $labels.x }}`. */
  readonly summary: string;
  /** Effect on users of the platform. */
  readonly description: string;
}

/** Returns the path of an alert's runbook, relative to the root of the repository. */
export function runbookOf({ name }: Pick<Alert, 'name'>): string {
  const kebab = name.replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();
  return `docs/runbooks/${kebab}.md`;
}

/** Returns the metrics that an expression reads. */
export function metricsOf(expr: string): readonly string[] {
  const withoutLabels = expr.replaceAll(/\{[^}]*\}/g, '').replaceAll(/\b(by|without) \([^)]*\)/g, '');
  return [...new Set(withoutLabels.match(/\b(?:aion|db|ai|http)_[a-z0-9_]+/g))].toSorted();
}
