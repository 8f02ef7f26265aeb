import type { SpanNode } from '@aion/tracing';

/** Minimum number of similar siblings that are merged into one line. */
const MIN_REPEATS = 3;

/**
 * Condenses a span tree for display: siblings with equal service, operation, status and descendants are merged into one
 * node with their number and total duration (`put object x 10`). Query names that differ only in the table count as
 * equal: `COPY tenants` and `COPY files` become `COPY *`.
 */
export function condenseSpanTree(roots: readonly SpanNode[]): readonly SpanNode[] {
  const condensed = roots.map(({ span, children }) => ({ span, children: condenseSpanTree(children) }));
  return [...Map.groupBy(condensed, shapeOf).values()]
    .flatMap((group) => (group.length < MIN_REPEATS ? group : [countGroup(group)]))
    .toSorted((a, b) => a.span.startTimeMs - b.span.startTimeMs);
}

function shapeOf({ span, children }: SpanNode): string {
  // Only queries are named after an object, the table. Different routes and queues are different operations.
  const isQuery = 'db.system.name' in span.attributes || 'db.system' in span.attributes;
  const name = isQuery ? verbOf(span.name) : span.name;
  return JSON.stringify([span.service, name, span.kind, span.status, children.map(shapeOf).toSorted()]);
}

function countGroup(group: readonly SpanNode[]): SpanNode {
  const { span, children } = mergeNodes(group);
  return { span: { ...span, name: `${span.name} x ${group.length}` }, children };
}

/** Merges nodes of the same shape, and their children, into one node. */
function mergeNodes(group: readonly SpanNode[]): SpanNode {
  const [first, ...rest] = group;
  if (first === undefined) throw new Error('A group of siblings is never empty.');
  const durationMs = rest.reduce((total, { span }) => total + span.durationMs, first.span.durationMs);
  const haveSameName = rest.every(({ span }) => span.name === first.span.name);
  const name = haveSameName ? first.span.name : `${verbOf(first.span.name)} *`;
  const byShape = group.map(({ children }) => sortByShape(children));
  const children = (byShape[0] ?? []).map((_child, index) =>
    mergeNodes(byShape.flatMap((siblings) => siblings.slice(index, index + 1))),
  );
  children.sort((a, b) => a.span.startTimeMs - b.span.startTimeMs);
  return { span: { ...first.span, name, durationMs }, children };
}

function sortByShape(nodes: readonly SpanNode[]): SpanNode[] {
  return nodes
    .map((node) => ({ node, shape: shapeOf(node) }))
    .sort((a, b) => (a.shape < b.shape ? -1 : 1))
    .map(({ node }) => node);
}

function verbOf(name: string): string {
  return name.split(' ')[0] ?? name;
}
