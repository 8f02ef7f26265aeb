import type { Route } from './route.ts';

/**
 * Returns the path of a route with its parameters filled in, followed by the query if that has fields.
 * @throws Error when a parameter of the path has no value
 */
export function fillPath({ path }: Pick<Route, 'path'>, params?: unknown, query?: unknown): string {
  const values = new Map(toPairs(params));
  const filled = path.replaceAll(/\{(\w+)\}/g, (_match, name: string) => {
    const value = values.get(name);
    if (value === undefined) throw new Error(`${path} needs a value for {${name}}.`);
    return encodeURIComponent(value);
  });
  const search = new URLSearchParams(toPairs(query)).toString();
  return search === '' ? filled : `${filled}?${search}`;
}

/** Lists the fields of an object as text, one pair per item of an array. Fields that no URL can contain are left out. */
function toPairs(value: unknown): [name: string, text: string][] {
  const fields: [string, unknown][] = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return fields.flatMap(([name, field]) => {
    const items: readonly unknown[] = Array.isArray(field) ? field : [field];
    return items.flatMap((item): [string, string][] => (isScalar(item) ? [[name, String(item)]] : []));
  });
}

function isScalar(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}
