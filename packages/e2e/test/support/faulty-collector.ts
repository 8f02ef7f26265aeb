import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** How a collector treats what it is sent. */
export type CollectorMode =
  | { readonly kind: 'healthy' }
  /** Reads, and never answers. */
  | { readonly kind: 'silent' }
  /** Takes spans after a while. */
  | { readonly kind: 'slow'; readonly delayMs: number }
  | { readonly kind: 'refusing'; readonly status: number }
  /** Breaks each connection on which a request comes. */
  | { readonly kind: 'resetting' };

/** A span that has arrived, and with what. */
export interface ReceivedSpan {
  readonly service: string;
  readonly traceId: string;
  readonly resource: Readonly<Record<string, unknown>>;
  readonly authorization: string | undefined;
}

/** An OTLP/HTTP receiver that can be made to fail in every way. */
export interface FaultyCollector {
  readonly endpoint: string;
  /** Spans that were answered for with success, oldest first. */
  readonly received: readonly ReceivedSpan[];
  /** Requests that were not, of all modes. */
  refusals(): number;
  /** From now on; requests that would never be answered are broken. */
  become(mode: CollectorMode): void;
  close(): Promise<void>;
}

/** What this reads of an ExportTraceServiceRequest in JSON (opentelemetry-proto, collector/trace/v1). */
interface TraceRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly { readonly key: string; readonly value: object }[] };
    readonly scopeSpans: readonly { readonly spans: readonly { readonly traceId: string }[] }[];
  }[];
}

/** Starts a collector on a free port of the loopback interface; it is healthy. */
export async function startFaultyCollector(): Promise<FaultyCollector> {
  const received: ReceivedSpan[] = [];
  let mode: CollectorMode = { kind: 'healthy' };
  const held = new Set<ServerResponse>();
  let refusals = 0;
  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const asked = mode;
    const body = await readBody(req);
    if (asked.kind === 'slow') await sleep(asked.delayMs);
    if (asked.kind === 'healthy' || (asked.kind === 'slow' && !res.destroyed)) {
      received.push(...toSpans(body, req.headers.authorization));
      res.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      return;
    }
    refusals += 1;
    if (asked.kind === 'silent') held.add(res);
    if (asked.kind === 'refusing') res.writeHead(asked.status).end();
    if (asked.kind === 'resetting') req.socket.resetAndDestroy();
  };
  const server = createServer((req, res) => {
    // A request that breaks while it is read was given up by its sender, who counts its spans.
    answer(req, res).catch(() => res.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    received,
    refusals: () => refusals,
    become: (next) => {
      mode = next;
      for (const res of held) res.destroy();
      held.clear();
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function readBody(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer); // A request without an encoding gives buffers.
  return Buffer.concat(chunks).toString();
}

function toSpans(body: string, authorization: string | undefined): ReceivedSpan[] {
  // The form is the exporter's; a wrong one fails the assertions that follow.
  const { resourceSpans } = JSON.parse(body) as TraceRequest;
  return resourceSpans.flatMap(({ resource: { attributes }, scopeSpans }) => {
    const resource = Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0] as unknown]));
    const service = String(resource['service.name']);
    return scopeSpans.flatMap(({ spans }) =>
      spans.map(({ traceId }) => ({ service, traceId, resource, authorization })),
    );
  });
}
