import type { TelemetrySubject } from '@aion/config';
import { BOUNDED_SETS, CATALOGUE, type LabelValues, type MetricDeclaration } from '@aion/metrics';

/** Tables with the feature flag of their metrics; metrics without one exist while metrics are enabled. */
const TABLES: readonly (readonly [title: string, subject: TelemetrySubject | undefined])[] = [
  ['HTTP', 'http'],
  ['Database', 'db'],
  ['Inference', 'ai'],
  ['Queues and exports', 'queue'],
  ['Processes and telemetry', undefined],
];

const declarations: readonly (readonly [string, MetricDeclaration])[] = Object.entries(CATALOGUE);

/** Creates the metric catalogue as JSON, for programs that are not written in TypeScript. */
export function createCatalogueJson(): string {
  const sets = new Map(
    Object.entries(BOUNDED_SETS).map(([name, { description, maxValues }]) => [
      name,
      { description, max_values: maxValues },
    ]),
  );
  const metrics = declarations.map(([name, { emittedBy, optIn, ...rest }]) => ({
    name,
    ...rest,
    emitted_by: emittedBy,
    ...(optIn === undefined ? {} : { opt_in: optIn }),
  }));
  return `${JSON.stringify({ metrics, bounded_sets: Object.fromEntries(sets) }, null, 2)}\n`;
}

/** Creates a table of metrics for each subject, and one of the sets of label values. */
export function createMetricTables(): string {
  const tables = TABLES.map(([title, subject]) => {
    const rows = declarations.filter(([, declaration]) => declaration.subject === subject);
    const head = '| metric | type | labels | services | meaning |\n| --- | --- | --- | --- | --- |';
    return `### ${title}\n\n${describeFlag(subject)}\n\n${head}\n${rows.map(([name, metric]) => row(name, metric)).join('\n')}`;
  });
  const sets = Object.entries(BOUNDED_SETS).map(([name, set]) => `| ${name} | ${set.description} | ${set.maxValues} |`);
  const setTable = `### Sets of label values\n\n| set | value | maximum |\n| --- | --- | --- |\n${sets.join('\n')}`;
  return [...tables, setTable].join('\n\n');
}

function describeFlag(subject: TelemetrySubject | undefined): string {
  return subject === undefined
    ? 'Present while metrics are enabled.'
    : `Present while \`AION_METRICS_SUBJECTS\` contains \`${subject}\`.`;
}

function row(name: string, { type, labels, emittedBy, help, buckets, optIn, meanings }: MetricDeclaration): string {
  const described = Object.entries(labels).map(([label, values]) => `\`${label}\`: ${describe(values)}`);
  const bounds = buckets === undefined ? '' : ` Bounds: ${buckets.join(', ')}.`;
  const from = emittedBy.length === 4 ? 'all services' : emittedBy.join(', ');
  const meaningTexts = Object.entries(meanings ?? {}).map(([label, values]) => ` ${describeMeanings(label, values)}`);
  const condition = optIn === undefined ? '' : ' Present only if `AION_METRICS_GENAI` is `true`.';
  return `| \`${name}\` | ${type} | ${described.join('; ') || 'none'} | ${from} | ${help}${meaningTexts.join('')}${bounds}${condition} |`;
}

function describeMeanings(label: string, values: Readonly<Record<string, string>>): string {
  return `\`${label}\`: ${Object.entries(values)
    .map(([value, meaning]) => `\`${value}\` is ${meaning}`)
    .join('; ')}.`;
}

function describe(values: LabelValues): string {
  return typeof values === 'string' ? `of the set ${values}` : values.map((value) => value || '(empty)').join(', ');
}
