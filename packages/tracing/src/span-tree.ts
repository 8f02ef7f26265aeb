import type { SpanRecord } from './span-record.ts';

/** Span with its children, ordered by start time. */
export interface SpanNode {
  readonly span: SpanRecord;
  readonly children: readonly SpanNode[];
}

/** Builds the trees of a set of spans; a span whose parent is not in the set is a root. */
export function toSpanTree(spans: readonly SpanRecord[]): readonly SpanNode[] {
  const known = new Set(spans.map((span) => span.spanId));
  const childrenOf = Map.groupBy(spans, (span) =>
    span.parentSpanId !== undefined && known.has(span.parentSpanId) ? span.parentSpanId : '',
  );
  const build = (parentId: string): SpanNode[] =>
    (childrenOf.get(parentId) ?? [])
      .toSorted((a, b) => a.startTimeMs - b.startTimeMs)
      .map((span) => ({ span, children: build(span.spanId) }));
  return build('');
}

/** Formats trees with box-drawing characters: one span per line, with its service and duration in milliseconds. */
export function formatSpanTree(roots: readonly SpanNode[]): string {
  const lines: string[] = [];
  const print = (node: SpanNode, lead: string, branch: string, next: string): void => {
    const { span } = node;
    const mark = span.status === 'error' ? ' ERROR' : '';
    lines.push(`${lead}${branch}${span.name}  [${span.service}]  ${span.durationMs.toFixed(1)} ms${mark}`);
    node.children.forEach((child, index) => {
      const last = index === node.children.length - 1;
      print(child, lead + next, last ? '└─ ' : '├─ ', last ? '   ' : '│  ');
    });
  };
  for (const root of roots) print(root, '', '', '');
  return lines.join('\n');
}
