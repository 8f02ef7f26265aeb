import { toPlainText } from './to-plain-text.ts';

/** Formats a value of the API on one line. */
export function formatValue(value: unknown): string {
  if (value === null || value === undefined || value === '') return '-';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.map(formatValue).join(', ');
  return toPlainText(typeof value === 'string' ? value : JSON.stringify(value));
}
