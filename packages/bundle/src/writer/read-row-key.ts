import { BundleWriteError } from './bundle-write-error.ts';

/**
 * Reads the key columns of one row as text. A number retains the digits from PostgreSQL, since bigint and numeric do not
 * fit a JavaScript number.
 * @throws {BundleWriteError} ROW_KEY_MISSING when the row is not an object with all key columns.
 */
export function readRowKey(row: Buffer, columns: readonly string[], table: string): string[] {
  if (columns.length === 0) return [];
  const sources = new Map<unknown, Map<string, string>>();
  let object: unknown;
  try {
    object = JSON.parse(row.toString(), function (this: unknown, key, value: unknown, context?: { source?: string }) {
      if (columns.includes(key) && typeof value !== 'object') {
        const text = typeof value === 'string' ? value : (context?.source ?? JSON.stringify(value));
        sources.set(this, (sources.get(this) ?? new Map<string, string>()).set(key, text));
      }
      return value;
    });
  } catch (error) {
    throw new BundleWriteError('ROW_KEY_MISSING', `A row of ${table} is not JSON, so its key cannot be read.`, {
      cause: error,
    });
  }
  // Nested objects may have keys of the same names: only those of the row itself count.
  const own = sources.get(object);
  return columns.map((column) => {
    const text = own?.get(column);
    if (text !== undefined) return text;
    throw new BundleWriteError(
      'ROW_KEY_MISSING',
      `A row of ${table} has no scalar "${column}", which is a column of its order.`,
    );
  });
}
