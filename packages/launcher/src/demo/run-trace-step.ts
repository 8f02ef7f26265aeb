import { formatSpanTree, toSpanTree } from '@aion/tracing';
import { checkTrace } from './check-trace.ts';
import { collectTrace } from './collect-trace.ts';
import { condenseSpanTree } from './condense-span-tree.ts';
import type { SpanLocation } from './locate-spans.ts';
import { addCheck, type DemoContext } from './demo-context.ts';

/** Prints the trace of all steps as a tree and checks it. */
export async function runTraceStep(context: DemoContext, traceId: string, location: SpanLocation): Promise<void> {
  const { terminal, evidence, platform, tracing, signal } = context;
  evidence.traceId = traceId;
  terminal.heading(`Trace ${traceId}`);
  if (location.kind !== 'services') {
    evidence.spansExportedTo = location.kind === 'receiver' ? location.url : null;
    terminal.line(location.message);
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
  for (const { name, ok, message } of checkTrace(list, traceId)) addCheck(context, name, ok, message);
}
