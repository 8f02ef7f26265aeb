/** An import from one file to another. */
export interface ImportEdge {
  readonly from: string;
  readonly to: string;
}

/** Files whose imports close a cycle between folders today. The list may only shrink. */
export const FOLDER_CYCLE_EXCEPTIONS: readonly { readonly file: string; readonly reason: string }[] = [];

/**
 * Finds cycles between the folders directly below `src` of one package or service. A file in `src` itself counts as a
 * folder of its own; tests are ignored. Also reports exceptions whose imports are part of no cycle.
 */
export function findFolderCycles(
  edges: readonly ImportEdge[],
  exceptions: readonly { readonly file: string }[] = FOLDER_CYCLE_EXCEPTIONS,
): readonly string[] {
  const excused = new Set(exceptions.map(({ file }) => file));
  const all = buildFolderGraph(edges);
  const checked = buildFolderGraph(edges.filter(({ from }) => !excused.has(from)));
  const stale = exceptions.filter(({ file }) => {
    const own = edges.filter(({ from }) => from === file);
    return !own.some(
      ({ to }) => isBetweenFolders(file, to) && findPath(all, folderOf(to), folderOf(file)) !== undefined,
    );
  });
  const cycles = new Map<string, string>();
  for (const folder of checked.keys()) {
    const paths = [...(checked.get(folder) ?? [])].map(([next]) => findPath(checked, next, folder));
    const [shortest] = paths.filter((path) => path !== undefined).sort((a, b) => a.length - b.length);
    if (shortest === undefined) continue;
    const steps = [folder, ...shortest];
    const imports = shortest.map((next, index) => checked.get(steps[index] ?? '')?.get(next));
    cycles.set([...shortest].sort().join(), `folder-cycle: ${steps.join(' -> ')} (${imports.join('; ')})`);
  }
  return [
    ...cycles.values(),
    ...stale.map(({ file }) => `folder-cycle: the exception for ${file} excuses nothing, remove it from its list`),
  ];
}

const SOURCE = /^((?:packages|services)\/[^/]+\/src\/)([^/]+)/;
const folderOf = (path: string): string => SOURCE.exec(path)?.[0] ?? '';

function isBetweenFolders(from: string, to: string): boolean {
  return SOURCE.exec(from)?.[1] === SOURCE.exec(to)?.[1] && folderOf(from) !== folderOf(to);
}

/** Maps each folder to the folders that it imports from, each with one import as evidence. */
function buildFolderGraph(edges: readonly ImportEdge[]): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const graph = new Map<string, Map<string, string>>();
  for (const { from, to } of edges) {
    if (!isBetweenFolders(from, to) || from.endsWith('.test.ts')) continue;
    const targets = graph.get(folderOf(from)) ?? new Map<string, string>();
    targets.set(folderOf(to), `${from} -> ${to}`);
    graph.set(folderOf(from), targets);
  }
  return graph;
}

/** Returns the folders of a shortest path, both ends included. */
function findPath(
  graph: ReadonlyMap<string, ReadonlyMap<string, string>>,
  start: string,
  end: string,
): readonly string[] | undefined {
  const queue: (readonly string[])[] = [[start]];
  const seen = new Set([start]);
  for (const path of queue) {
    const last = path.at(-1) ?? '';
    if (last === end) return path;
    for (const next of graph.get(last)?.keys() ?? []) {
      if (seen.has(next)) continue;
      seen.add(next);
      queue.push([...path, next]);
    }
  }
  return undefined;
}
