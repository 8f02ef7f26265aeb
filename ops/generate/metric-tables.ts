import type { TelemetrySubject } from '@aion/config';
import { BOUNDED_SETS, CATALOGUE, type LabelValues, type MetricDeclaration } from '@aion/metrics';

/** The tables with the switch that their metrics obey: those of no subject exist as long as metrics are on. */
const TABLES: readonly (readonly [title: string, subject: TelemetrySubject | undefined])[] = [
  ['HTTP', 'http'],
  ['Database', 'db'],
  ['Inference', 'ai'],
  ['Queues and exports', 'queue'],
  ['Processes and telemetry', undefined],
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
  const metrics = declarations.map(([name, { emittedBy, optIn, ...rest }]) => ({
    name,
    ...rest,
    emitted_by: emittedBy,
    ...(optIn === undefined ? {} : { opt_in: optIn }),
  }));
  return `${JSON.stringify({ metrics, bounded_sets: Object.fromEntries(sets) }, null, 2)}\n`;
}

/** A table of metrics for each subject, and one of the sets of label values. */
export function createMetricTables(): string {
  const tables = TABLES.map(([title, subject]) => {
    const rows = declarations.filter(([, declaration]) => declaration.subject === subject);
    const head = '| metric | type | labels | from | meaning |\n| --- | --- | --- | --- | --- |';
    return `### ${title}\n\n${describeSwitch(subject)}\n\n${head}\n${rows.map(([name, metric]) => row(name, metric)).join('\n')}`;
  });
  const sets = Object.entries(BOUNDED_SETS).map(([name, set]) => `| ${name} | ${set.description} | ${set.maxValues} |`);
  const setTable = `### Sets of label values\n\n| set | a value is | at most |\n| --- | --- | --- |\n${sets.join('\n')}`;
  return [...tables, setTable].join('\n\n');
}

function describeSwitch(subject: TelemetrySubject | undefined): string {
  return subject === undefined
    ? 'There as long as metrics are on.'
    : `There while \`AION_METRICS_SUBJECTS\` has \`${subject}\`.`;
}

function row(name: string, { type, labels, emittedBy, help, buckets, optIn, meanings }: MetricDeclaration): string {
  const described = Object.entries(labels).map(([label, values]) => `\`${label}\`: ${describe(values)}`);
  const bounds = buckets === undefined ? '' : ` Bounds: ${buckets.join(', ')}.`;
  const from = emittedBy.length === 4 ? 'all services' : emittedBy.join(', ');
  const meant = Object.entries(meanings ?? {}).map(([label, values]) => ` ${describeMeanings(label, values)}`);
  const condition = optIn === undefined ? '' : ' Not there unless `AION_METRICS_GENAI` is `true`.';
  return `| \`${name}\` | ${type} | ${described.join('; ') || 'none'} | ${from} | ${help}${meant.join('')}${bounds}${condition} |`;
}

function describeMeanings(label: string, values: Readonly<Record<string, string>>): string {
  return `\`${label}\`: ${Object.entries(values)
    .map(([value, meaning]) => `\`${value}\` is ${meaning}`)
    .join('; ')}.`;
}

function describe(values: LabelValues): string {
  return typeof values === 'string' ? `of the set ${values}` : values.map((value) => value || '(empty)').join(', ');
}
