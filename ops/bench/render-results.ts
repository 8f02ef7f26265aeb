import type { BenchReport, BenchResult } from './bench-result.ts';

/** Renders a report as an aligned table, followed by the missed goals. */
export function renderResults({ node, cores, results }: BenchReport): string {
  const rows = [['name', 'value', 'reference', 'ratio', 'goal', ''], ...results.map(toRow)];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
  const missed = results.filter(({ met }) => met === false).map(({ name }) => name);
  const goals = results.filter(({ met }) => met !== null).length;
  return [
    `Node ${node}, ${cores} cores`,
    ...lines.map((line) => line.trimEnd()),
    missed.length === 0 ? `All ${goals} goals met.` : `${missed.length} of ${goals} goals missed: ${missed.join(', ')}`,
    '',
  ].join('\n');
}

function toRow({ name, value, unit, reference, ratio, goal, met }: BenchResult): string[] {
  return [
    name,
    `${value} ${unit}`,
    reference === null ? '' : `${reference.name} ${reference.value}`,
    ratio === null ? '' : `${ratio.toFixed(2)} x`,
    goal === null ? '' : `${goal.of} ${goal.op} ${goal.value}`,
    met === null ? '' : met ? 'met' : 'MISSED',
  ];
}
