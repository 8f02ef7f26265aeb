import { CATALOGUE } from './catalogue.ts';
import { BOUNDED_SETS, OTHER, type BoundedSet } from './catalogue/bounded-sets.ts';
import { requiredFeatureFlags, resolveFeatureFlags } from './catalogue/feature-flags.ts';
import type { LabelValues, MetricDeclaration } from './catalogue/metric-declaration.ts';
import { parseExposition, type Sample } from './parse-exposition.ts';

/** Differences between exposed and declared metrics; each entry starts with the name of the service. */
export interface CatalogueDifferences {
  /** Metrics that a service should emit and that have no sample. */
  readonly missing: readonly string[];
  /** Metrics that are exposed without a declaration, or contradict it. */
  readonly undeclared: readonly string[];
  /** Labels that are not declared, or have a value outside their set. */
  readonly badLabels: readonly string[];
}

/** Metrics of the process that the client library emits. */
const LIBRARY_METRIC = /^(process|nodejs)_/;
const declarations: ReadonlyMap<string, MetricDeclaration> = new Map(Object.entries(CATALOGUE));

/** Feature flags of a service that does not expose `aion_feature_enabled`. */
const DEFAULT_FLAGS = resolveFeatureFlags({});

/**
 * Compares the metrics that services expose with the catalogue. Metrics that are disabled according to
 * `aion_feature_enabled` must be absent.
 * @param expositions response bodies of `/metrics` by service name, in either format
 * @throws SyntaxError if a body is not an exposition
 */
export function compareWithCatalogue(expositions: Readonly<Record<string, string>>): CatalogueDifferences {
  const missing: string[] = [];
  const undeclared: string[] = [];
  const badLabels = new Set<string>();
  for (const [service, text] of Object.entries(expositions)) {
    const { types, samples } = parseExposition(text);
    const byMetric = Map.groupBy(samples, (sample) => toMetricName(sample.name));
    const isEnabled = readFeatureFlags(byMetric.get('aion_feature_enabled') ?? []);
    for (const [name, declaration] of declarations) {
      if (!declaration.emittedBy.some((emitter) => emitter === service) || !isEnabled(declaration)) continue;
      if (!byMetric.has(name)) missing.push(`${service}: ${name}`);
    }
    for (const [name, found] of byMetric) {
      if (LIBRARY_METRIC.test(name)) continue;
      const declaration = declarations.get(name);
      const contradiction = findContradiction(
        service,
        declaration,
        types.get(name) ?? types.get(name.replace(/_total$/, '')),
      );
      if (contradiction !== undefined) undeclared.push(`${service}: ${name} ${contradiction}`);
      if (declaration === undefined) continue;
      if (!isEnabled(declaration)) undeclared.push(`${service}: ${name} is disabled`);
      for (const problem of findLabelProblems(declaration, found)) badLabels.add(`${service}: ${name} ${problem}`);
    }
  }
  return { missing, undeclared, badLabels: [...badLabels] };
}

/** Reads the exposed feature flags; the result reports whether they enable a metric. */
function readFeatureFlags(samples: readonly Sample[]): (declaration: MetricDeclaration) => boolean {
  const exposed = new Map(samples.map(({ labels, value }) => [labels['feature'], value === 1]));
  return (declaration) => requiredFeatureFlags(declaration).every((flag) => exposed.get(flag) ?? DEFAULT_FLAGS[flag]);
}

/** Returns the metric of a sample: the samples of a histogram have suffixed names. */
function toMetricName(sample: string): string {
  const base = sample.replace(/_(bucket|sum|count)$/, '');
  return declarations.get(base)?.type === 'histogram' ? base : sample;
}

/** Returns how a metric contradicts its declaration, or undefined. */
function findContradiction(service: string, declaration: MetricDeclaration | undefined, type: string | undefined) {
  if (declaration === undefined) return 'is not declared';
  if (!declaration.emittedBy.some((emitter) => emitter === service)) return 'is not declared for this service';
  return type === declaration.type ? undefined : `is a ${type ?? 'metric without a type'}, not a ${declaration.type}`;
}

function findLabelProblems(declaration: MetricDeclaration, samples: readonly Sample[]): string[] {
  const declared = Object.keys(declaration.labels);
  const problems: string[] = [];
  for (const { labels } of samples) {
    const { le, ...own } = labels;
    const names = Object.keys(declaration.type === 'histogram' ? own : labels);
    const expected = declared.toSorted().join(', ');
    if (names.toSorted().join(', ') !== expected) problems.push(`has labels ${names.join(', ')}, not ${expected}`);
    if (le !== undefined && !isDeclaredBound(declaration, le)) problems.push(`has a bucket le="${le}"`);
  }
  for (const [label, values] of Object.entries(declaration.labels)) {
    const found = new Set(samples.flatMap(({ labels }) => labels[label] ?? []));
    for (const value of found) if (!isAllowed(values, value)) problems.push(`has ${label}="${value}"`);
    const limit = typeof values === 'string' ? BOUNDED_SETS[values].maxValues : values.length;
    if (found.size > limit + 1) problems.push(`has ${found.size} values of ${label}, more than ${limit}`);
  }
  return problems;
}

/** Prometheus 3 and OpenMetrics write `1.0` where Prometheus 2 writes `1`. */
function isDeclaredBound({ buckets = [] }: MetricDeclaration, le: string): boolean {
  return le === '+Inf' || buckets.includes(Number(le));
}

function isAllowed(values: LabelValues, value: string): boolean {
  if (value === OTHER) return true;
  if (typeof values !== 'string') return values.includes(value);
  const set: BoundedSet = BOUNDED_SETS[values];
  return set.pattern.test(value);
}
