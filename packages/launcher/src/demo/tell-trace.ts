import { formatSpanTree, toSpanTree } from '@aion/tracing';
import { checkTrace } from './check-trace.ts';
import { collectTrace } from './collect-trace.ts';
import { condenseSpanTree } from './condense-span-tree.ts';
import type { SpanWhereabouts } from './find-spans.ts';
import { addCheck, type Story } from './story.ts';

/** Prints the one trace that went through all of it, as a tree, and checks it. */
export async function tellTrace(story: Story, traceId: string, whereabouts: SpanWhereabouts): Promise<void> {
  const { terminal, evidence, platform, tracing, signal } = story;
  evidence.traceId = traceId;
  terminal.heading(`One trace: ${traceId}`);
  if (whereabouts.kind !== 'services') {
    evidence.spansExportedTo = whereabouts.kind === 'receiver' ? whereabouts.url : null;
    terminal.line(whereabouts.message);
    return;
  }
  const list = await collectTrace({
    traceId,
    adminUrls: platform.adminUrls,
    own: tracing,
    isComplete: (spans) => checkTrace(spans, traceId).every(({ ok }) => ok),
    signal,
  });
  const tree = toSpanTree(list);
  evidence.spans = { tree, list };
  evidence.services = [...new Set(list.map(({ service }) => service))].toSorted();
  for (const line of formatSpanTree(condenseSpanTree(tree)).split('\n')) terminal.line(line);
  terminal.line();
  for (const { name, ok, message } of checkTrace(list, traceId)) addCheck(story, name, ok, message);
}
