/** A function of a text that remembers what it gave, and how much it remembers. */
export interface Remembering<T> {
  (text: string): T;
  /** Texts that are remembered. */
  readonly size: () => number;
}

/**
 * Makes a function remember: code logs the same messages, keys and names again and again. Texts may come from callers,
 * too, so what is remembered is bounded: long texts are not, and all is forgotten when there are too many.
 */
export function remember<T>(
  compute: (text: string) => T,
  bounds: { readonly maxTexts: number; readonly maxLength: number },
): Remembering<T> {
  const known = new Map<string, { readonly result: T }>();
  const recall = (text: string): T => {
    if (text.length > bounds.maxLength) return compute(text);
    const found = known.get(text);
    if (found !== undefined) return found.result;
    if (known.size >= bounds.maxTexts) known.clear();
    const result = compute(text);
    known.set(text, { result });
    return result;
  };
  return Object.assign(recall, { size: () => known.size });
}
