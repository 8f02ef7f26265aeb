/** A condition that somebody must know of, as Prometheus evaluates it. */
export interface Alert {
  /** In PascalCase; its runbook is `docs/runbooks/<name in kebab-case>.md`. */
  readonly name: string;
  /** PromQL over metrics of the catalogue. It has a series while something is wrong, and none while all is well. */
  readonly expr: string;
  /** How long it must be so before somebody is told, in minutes. */
  readonly forMinutes: number;
  /** `critical`: act now, at any hour. `warning`: act in working hours. */
  readonly severity: 'critical' | 'warning';
  /** One line; `{{ $value }}` and `{{ $labels.x }}` are filled in. */
  readonly summary: string;
  /** What it means for those who use the platform. */
  readonly description: string;
}

/** Where the runbook of an alert is, from the root of the repository. */
export function runbookOf({ name }: Pick<Alert, 'name'>): string {
  const kebab = name.replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();
  return `docs/runbooks/${kebab}.md`;
}

/** The metrics that an expression reads. */
export function metricsOf(expr: string): readonly string[] {
  const withoutLabels = expr.replaceAll(/\{[^}]*\}/g, '').replaceAll(/\b(by|without) \([^)]*\)/g, '');
  return [...new Set(withoutLabels.match(/\b(?:aion|db|ai|http)_[a-z0-9_]+/g))].toSorted();
}
