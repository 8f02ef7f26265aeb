import { CATALOGUE } from './catalogue.ts';
import { BOUNDED_SETS, OTHER, type BoundedSet } from './catalogue/label-sets.ts';
import { decideFeatures, featuresNeededBy } from './catalogue/metric-features.ts';
import type { LabelValues, MetricDeclaration } from './catalogue/metric-declaration.ts';
import { parseExposition, type Sample } from './parse-exposition.ts';

/** Where what is exposed and what is declared differ: each entry is a sentence that begins with the service. */
export interface CatalogueDifferences {
  /** Declared to be emitted by a service that exposes no sample of it. */
  readonly missing: readonly string[];
  /** Exposed without, or against, a declaration. */
  readonly undeclared: readonly string[];
  /** Labels that are not the declared ones, or hold what is not of their set. */
  readonly badLabels: readonly string[];
}

/** Made by the client library from the process itself. */
const OF_THE_LIBRARY = /^(process|nodejs)_/;
const declarations: ReadonlyMap<string, MetricDeclaration> = new Map(Object.entries(CATALOGUE));

/** What a service that does not say otherwise has switched on. */
const DEFAULT_FEATURES = decideFeatures({});

/**
 * Compares what services expose with the catalogue. What `aion_feature_enabled` says is switched off must not be there.
 * @param expositions the text of `/metrics` by name of the service, in either format
 * @throws SyntaxError for a text that is no exposition
 */
export function compareWithCatalogue(expositions: Readonly<Record<string, string>>): CatalogueDifferences {
  const missing: string[] = [];
  const undeclared: string[] = [];
  const badLabels = new Set<string>();
  for (const [service, text] of Object.entries(expositions)) {
    const { types, samples } = parseExposition(text);
    const byMetric = Map.groupBy(samples, (sample) => metricOf(sample.name));
    const isOn = readSwitches(byMetric.get('aion_feature_enabled') ?? []);
    for (const [name, declaration] of declarations) {
      if (!declaration.emittedBy.some((emitter) => emitter === service) || !isOn(declaration)) continue;
      if (!byMetric.has(name)) missing.push(`${service}: ${name}`);
    }
    for (const [name, found] of byMetric) {
      if (OF_THE_LIBRARY.test(name)) continue;
      const declaration = declarations.get(name);
      const objection = objectionTo(service, declaration, types.get(name) ?? types.get(name.replace(/_total$/, '')));
      if (objection !== undefined) undeclared.push(`${service}: ${name} ${objection}`);
      if (declaration === undefined) continue;
      if (!isOn(declaration)) undeclared.push(`${service}: ${name} is switched off`);
      for (const problem of labelProblems(declaration, found)) badLabels.add(`${service}: ${name} ${problem}`);
    }
  }
  return { missing, undeclared, badLabels: [...badLabels] };
}

/** Whether a metric is switched on by what the process says of its features. */
function readSwitches(samples: readonly Sample[]): (declaration: MetricDeclaration) => boolean {
  const said = new Map(samples.map(({ labels, value }) => [labels['feature'], value === 1]));
  return (declaration) =>
    featuresNeededBy(declaration).every((feature) => said.get(feature) ?? DEFAULT_FEATURES[feature]);
}

/** The metric of a sample: a histogram's samples have names of their own. */
function metricOf(sample: string): string {
  const base = sample.replace(/_(bucket|sum|count)$/, '');
  return declarations.get(base)?.type === 'histogram' ? base : sample;
}

function objectionTo(service: string, declaration: MetricDeclaration | undefined, type: string | undefined) {
  if (declaration === undefined) return 'is not declared';
  if (!declaration.emittedBy.some((emitter) => emitter === service)) return 'is not declared for this service';
  return type === declaration.type ? undefined : `is a ${type ?? 'metric without a type'}, not a ${declaration.type}`;
}

function labelProblems(declaration: MetricDeclaration, samples: readonly Sample[]): string[] {
  const declared = Object.keys(declaration.labels);
  const problems: string[] = [];
  for (const { labels } of samples) {
    const { le, ...own } = labels;
    const names = Object.keys(declaration.type === 'histogram' ? own : labels);
    const expected = declared.toSorted().join(', ');
    if (names.toSorted().join(', ') !== expected) problems.push(`has labels ${names.join(', ')}, not ${expected}`);
    if (le !== undefined && !isBound(declaration, le)) problems.push(`has a bucket le="${le}"`);
  }
  for (const [label, values] of Object.entries(declaration.labels)) {
    const found = new Set(samples.flatMap(({ labels }) => labels[label] ?? []));
    for (const value of found) if (!isOf(values, value)) problems.push(`has ${label}="${value}"`);
    const most = typeof values === 'string' ? BOUNDED_SETS[values].maxValues : values.length;
    if (found.size > most + 1) problems.push(`has ${found.size} values of ${label}, more than ${most}`);
  }
  return problems;
}

/** Prometheus 3 and OpenMetrics write `1.0` where Prometheus 2 writes `1`. */
function isBound({ buckets = [] }: MetricDeclaration, le: string): boolean {
  return le === '+Inf' || buckets.includes(Number(le));
}

function isOf(values: LabelValues, value: string): boolean {
  if (value === OTHER) return true;
  if (typeof values !== 'string') return values.includes(value);
  const set: BoundedSet = BOUNDED_SETS[values];
  return set.pattern.test(value);
}
