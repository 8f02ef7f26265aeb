import { styleText } from 'node:util';
import stringWidth from 'string-width';
import { formatValue } from './format-value.ts';

const GAP = '  ';

/** Formats a table with a header, aligned by display width, numbers to the right; an optional total is the last row. */
export function formatTable(columns: readonly string[], items: readonly unknown[], total?: unknown): string {
  const values = items.map((item) => columns.map((column) => readPath(item, column)));
  const head = columns.map((column) => column.replaceAll(/[_.]/g, ' ').toUpperCase());
  const foot =
    total === undefined
      ? []
      : [columns.map((column, index) => (index === 0 ? 'TOTAL' : formatValue(readPath(total, column))))];
  const rows = [...values.map((row) => row.map(formatValue)), ...foot];
  const widths = head.map((title, index) =>
    Math.max(...[head, ...rows].map((row) => stringWidth(row[index] ?? title))),
  );
  const isNumeric = columns.map((_, index) => values.some((row) => typeof row[index] === 'number'));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => pad(cell, widths[index] ?? 0, isNumeric[index] === true))
      .join(GAP)
      .trimEnd();
  return [styleText('bold', line(head)), ...rows.map(line)].map((text) => `${text}\n`).join('');
}

/** Formats an object as one line per field; nested fields have a path as their name. */
export function formatRecord(record: unknown): string {
  const fields = flatten(record);
  const width = Math.max(0, ...fields.map(([name]) => stringWidth(name)));
  return fields
    .map(([name, value]) => `${styleText('bold', pad(name, width, false))}${GAP}${formatValue(value)}\n`)
    .join('');
}

/** Returns the value at a path such as `progress.rows`. */
function readPath(item: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, name) => (isRecord(value) ? value[name] : undefined), item);
}

function flatten(value: unknown, path = ''): (readonly [name: string, value: unknown])[] {
  if (!isRecord(value)) return [[path, value]];
  return Object.entries(value).flatMap(([name, inner]) => flatten(inner, path === '' ? name : `${path}.${name}`));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function pad(text: string, width: number, isRight: boolean): string {
  const space = ' '.repeat(Math.max(0, width - stringWidth(text)));
  return isRight ? `${space}${text}` : `${text}${space}`;
}
