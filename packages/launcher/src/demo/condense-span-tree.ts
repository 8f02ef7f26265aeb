import type { SpanNode } from '@aion/tracing';

/** Alike siblings from this many on become one line. */
const MIN_REPEATS = 3;

/**
 * The tree for people: siblings that are alike in service, name, status and everything below them are told once, with how
 * many there are and the time of all together (`INSERT outbox x 12`).
 */
export function condenseSpanTree(roots: readonly SpanNode[]): readonly SpanNode[] {
  return condenseSiblings(roots);
}

function condenseSiblings(siblings: readonly SpanNode[]): SpanNode[] {
  const condensed = siblings.map(({ span, children }) => ({ span, children: condenseSiblings(children) }));
  const groups = Map.groupBy(condensed, shapeOf);
  return [...groups.values()]
    .flatMap((group) => (group.length < MIN_REPEATS ? group : [mergeGroup(group)]))
    .toSorted((a, b) => a.span.startTimeMs - b.span.startTimeMs);
}

function shapeOf({ span, children }: SpanNode): string {
  return JSON.stringify([span.service, span.name, span.kind, span.status, children.map(shapeOf).toSorted()]);
}

function mergeGroup(group: readonly SpanNode[]): SpanNode {
  const [first, ...rest] = group;
  if (first === undefined) throw new Error('A group of siblings is never empty.');
  const durationMs = rest.reduce((total, { span }) => total + span.durationMs, first.span.durationMs);
  return {
    span: { ...first.span, name: `${first.span.name} x ${group.length}`, durationMs },
    children: first.children,
  };
}
