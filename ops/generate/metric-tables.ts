import { BOUNDED_SETS, CATALOGUE, type LabelValues, type MetricDeclaration } from '@aion/metrics';

const SUBJECTS: readonly (readonly [title: string, prefixes: RegExp])[] = [
  ['HTTP', /^http_/],
  ['Database', /^db_/],
  ['Inference', /^ai_/],
  ['Queues and exports', /^aion_(queue|outbox|export)/],
  ['Processes and telemetry', /^aion_/],
];

const declarations: readonly (readonly [string, MetricDeclaration])[] = Object.entries(CATALOGUE);

/** The metric catalogue as JSON, for programs that are not written in TypeScript. */
export function createCatalogueJson(): string {
  const sets = new Map(
    Object.entries(BOUNDED_SETS).map(([name, { description, maxValues }]) => [
      name,
      { description, max_values: maxValues },
    ]),
  );
  const metrics = declarations.map(([name, { emittedBy, ...rest }]) => ({ name, ...rest, emitted_by: emittedBy }));
  return `${JSON.stringify({ metrics, bounded_sets: Object.fromEntries(sets) }, null, 2)}\n`;
}

/** A table of metrics for each subject, and one of the sets of label values. */
export function createMetricTables(): string {
  const rest = new Map(declarations);
  const tables = SUBJECTS.map(([title, prefix]) => {
    const rows = [...rest].filter(([name]) => prefix.test(name));
    for (const [name] of rows) rest.delete(name);
    const head = '| metric | type | labels | from | meaning |\n| --- | --- | --- | --- | --- |';
    return `### ${title}\n\n${head}\n${rows.map(([name, metric]) => row(name, metric)).join('\n')}`;
  });
  if (rest.size > 0) throw new Error(`These metrics are of no subject: ${[...rest.keys()].join(', ')}.`);
  const sets = Object.entries(BOUNDED_SETS).map(([name, set]) => `| ${name} | ${set.description} | ${set.maxValues} |`);
  const setTable = `### Sets of label values\n\n| set | a value is | at most |\n| --- | --- | --- |\n${sets.join('\n')}`;
  return [...tables, setTable].join('\n\n');
}

function row(name: string, { type, labels, emittedBy, help, buckets }: MetricDeclaration): string {
  const described = Object.entries(labels).map(([label, values]) => `\`${label}\`: ${describe(values)}`);
  const bounds = buckets === undefined ? '' : ` Bounds: ${buckets.join(', ')}.`;
  const from = emittedBy.length === 4 ? 'all services' : emittedBy.join(', ');
  return `| \`${name}\` | ${type} | ${described.join('; ') || 'none'} | ${from} | ${help}${bounds} |`;
}

function describe(values: LabelValues): string {
  return typeof values === 'string' ? `of the set ${values}` : values.join(', ');
}
