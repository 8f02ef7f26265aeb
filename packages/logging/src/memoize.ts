/** Memoized function of a text. */
export interface Memoized<T> {
  (text: string): T;
  /** Returns the number of cached results. */
  readonly size: () => number;
}

/**
 * Caches the results of a function, because the same messages, keys and names are logged again and again. Texts may come
 * from callers, so the cache is bounded: results of long texts are not cached, and a full cache is cleared.
 */
export function memoize<T>(
  compute: (text: string) => T,
  bounds: { readonly maxTexts: number; readonly maxLength: number },
): Memoized<T> {
  const cache = new Map<string, { readonly result: T }>();
  const lookUp = (text: string): T => {
    if (text.length > bounds.maxLength) return compute(text);
    const cached = cache.get(text);
    if (cached !== undefined) return cached.result;
    if (cache.size >= bounds.maxTexts) cache.clear();
    const result = compute(text);
    cache.set(text, { result });
    return result;
  };
  return Object.assign(lookUp, { size: () => cache.size });
}
