/**
 * Ids of existing entities by their kind, which is derived from paths. Requests with real ids reach code that requests with
 * generated ids do not.
 */
export interface KnownIds {
  /** Records every `id` of a JSON response under the last word of the path, and the cursor of a list. */
  learn(path: string, body: string): void;
  /** Returns ids for a path parameter or a field such as `tenant_id`, and cursors for `cursor`. */
  of(path: string, name: string): readonly string[];
}

/** Creates an empty collection. Ids in `spared` are never returned, because the run requires these entities. */
export function createKnownIds(spared: ReadonlySet<string>): KnownIds {
  const byKind = new Map<string, Set<string>>();
  const cursors = new Map<string, readonly string[]>();
  const learnId = (kind: string, value: unknown): void => {
    if (typeof value !== 'object' || value === null || !('id' in value) || typeof value.id !== 'string') return;
    if (spared.has(value.id)) return;
    byKind.set(kind, (byKind.get(kind) ?? new Set()).add(value.id));
  };
  return {
    learn: (path, body) => {
      const words = path.split('/').filter((word) => word !== '' && !word.startsWith('{'));
      const kind = toKind(words.at(-1) ?? '');
      const document: unknown = JSON.parse(body);
      // Valid for any JSON value; the fields may be missing.
      const { data, next_cursor: cursor } = { ...Object(document) } as { data?: unknown; next_cursor?: unknown };
      if (typeof cursor === 'string') cursors.set(path, [cursor]);
      for (const each of Array.isArray(data) ? data.slice(0, 5) : [document]) learnId(kind, each);
    },
    of: (path, name) => {
      if (name === 'cursor') return cursors.get(path) ?? [];
      const words = path.split('/');
      const before = words[words.indexOf(`{${name}}`) - 1] ?? '';
      const kinds = [toKind(before), `${name.replace(/_id$/, '')}s`];
      return kinds.flatMap((kind) => [...(byKind.get(kind) ?? [])]);
    },
  };
}

function toKind(word: string): string {
  return word.replaceAll('-', '_');
}
