import type { SpanNode } from '@aion/tracing';

/** Alike siblings from this many on become one line. */
const MIN_REPEATS = 3;

/**
 * The tree for people: siblings that are alike in service, operation, status and everything below them are told once, with
 * how many there are and the time of all together (`put object x 10`). Names that differ in their object alone count as
 * alike: `COPY tenants` and `COPY files` become `COPY *`.
 */
export function condenseSpanTree(roots: readonly SpanNode[]): readonly SpanNode[] {
  const condensed = roots.map(({ span, children }) => ({ span, children: condenseSpanTree(children) }));
  return [...Map.groupBy(condensed, shapeOf).values()]
    .flatMap((group) => (group.length < MIN_REPEATS ? group : [countGroup(group)]))
    .toSorted((a, b) => a.span.startTimeMs - b.span.startTimeMs);
}

function shapeOf({ span, children }: SpanNode): string {
  // Client spans alone are named after an object: a query's table. Routes and queues are operations of their own.
  const isQuery = 'db.system.name' in span.attributes || 'db.system' in span.attributes;
  const name = isQuery ? verbOf(span.name) : span.name;
  return JSON.stringify([span.service, name, span.kind, span.status, children.map(shapeOf).toSorted()]);
}

function countGroup(group: readonly SpanNode[]): SpanNode {
  const { span, children } = mergeNodes(group);
  return { span: { ...span, name: `${span.name} x ${group.length}` }, children };
}

/** One node for nodes of the same shape, and so for their children. */
function mergeNodes(group: readonly SpanNode[]): SpanNode {
  const [first, ...rest] = group;
  if (first === undefined) throw new Error('A group of siblings is never empty.');
  const durationMs = rest.reduce((total, { span }) => total + span.durationMs, first.span.durationMs);
  const isNamedAlike = rest.every(({ span }) => span.name === first.span.name);
  const name = isNamedAlike ? first.span.name : `${verbOf(first.span.name)} *`;
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
