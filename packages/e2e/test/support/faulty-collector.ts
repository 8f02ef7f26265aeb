import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** Behaviour of a collector. */
export type CollectorMode =
  | { readonly kind: 'healthy' }
  /** Reads requests and never responds. */
  | { readonly kind: 'silent' }
  /** Accepts spans after a delay. */
  | { readonly kind: 'slow'; readonly delayMs: number }
  | { readonly kind: 'rejecting'; readonly status: number }
  /** Resets each connection on which a request arrives. */
  | { readonly kind: 'resetting' };

/** A received span with the resource and authorization of its request. */
export interface ReceivedSpan {
  readonly service: string;
  readonly traceId: string;
  readonly resource: Readonly<Record<string, unknown>>;
  readonly authorization: string | undefined;
}

/** An OTLP/HTTP receiver with configurable faults. */
export interface FaultyCollector {
  readonly endpoint: string;
  /** Spans of successful requests, oldest first. */
  readonly received: readonly ReceivedSpan[];
  /** Returns the number of failed requests in all modes. */
  failures(): number;
  /** Sets the behaviour; closes the connections of pending requests. */
  setMode(mode: CollectorMode): void;
  close(): Promise<void>;
}

/** Subset of an ExportTraceServiceRequest in JSON (opentelemetry-proto, collector/trace/v1). */
interface TraceRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly { readonly key: string; readonly value: object }[] };
    readonly scopeSpans: readonly { readonly spans: readonly { readonly traceId: string }[] }[];
  }[];
}

/** Starts a healthy collector on a free loopback port. */
export async function startFaultyCollector(): Promise<FaultyCollector> {
  const received: ReceivedSpan[] = [];
  let mode: CollectorMode = { kind: 'healthy' };
  const pending = new Set<ServerResponse>();
  let failures = 0;
  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const current = mode;
    const body = await readBody(req);
    if (current.kind === 'slow') await sleep(current.delayMs);
    if (current.kind === 'healthy' || (current.kind === 'slow' && !res.destroyed)) {
      received.push(...toSpans(body, req.headers.authorization));
      res.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      return;
    }
    failures += 1;
    if (current.kind === 'silent') pending.add(res);
    if (current.kind === 'rejecting') res.writeHead(current.status).end();
    if (current.kind === 'resetting') req.socket.resetAndDestroy();
  };
  const server = createServer((req, res) => {
    // A request that is aborted while it is read was cancelled by its sender, which counts its spans.
    answer(req, res).catch(() => res.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    received,
    failures: () => failures,
    setMode: (next) => {
      mode = next;
      for (const res of pending) res.destroy();
      pending.clear();
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
  for await (const chunk of req) chunks.push(chunk as Buffer); // A request without an encoding yields buffers.
  return Buffer.concat(chunks).toString();
}

function toSpans(body: string, authorization: string | undefined): ReceivedSpan[] {
  // Format of the exporter; another one fails the assertions of the test.
  const { resourceSpans } = JSON.parse(body) as TraceRequest;
  return resourceSpans.flatMap(({ resource: { attributes }, scopeSpans }) => {
    const resource = Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0] as unknown]));
    const service = String(resource['service.name']);
    return scopeSpans.flatMap(({ spans }) =>
      spans.map(({ traceId }) => ({ service, traceId, resource, authorization })),
    );
  });
}
