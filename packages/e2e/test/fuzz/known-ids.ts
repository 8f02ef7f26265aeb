/**
 * Ids of things that the platform really has, by the kind that their paths name: what a request with a made-up id never
 * reaches, one with a real id does.
 */
export interface KnownIds {
  /** Notes every `id` of a JSON answer under the last word of the path, and where its list goes on. */
  learn(path: string, body: string): void;
  /** Ids for a parameter of a path, or a field such as `tenant_id`; cursors of a list for `cursor`. */
  of(path: string, name: string): readonly string[];
}

/** Creates an empty memory. Ids of `spared` are never given: what the run itself stands on is not to be deleted. */
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
      // Any JSON has or lacks them.
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
