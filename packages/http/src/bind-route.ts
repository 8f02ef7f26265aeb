import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { Route } from '@aion/contracts';
import type { Request, Response } from 'express';
import type { z } from 'zod';
import type { Identity } from './identity.ts';

/** Validated request of a route. */
export interface RouteRequest<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> {
  readonly params: z.output<P>;
  readonly query: z.output<Q>;
  readonly body: z.output<B>;
  /** Bytes of the body as received, for forwarding. */
  readonly rawBody: Buffer;
  /**
   * Opens the body of a route with `upload` as a stream with back-pressure. The stream fails with
   * `PayloadTooLargeError` beyond `maxBytes`, and with the reason of the signal when that is aborted.
   */
  readonly upload: (maxBytes: number) => Readable;
  readonly headers: IncomingHttpHeaders;
  readonly identity: Identity;
  /** Aborted when the client disconnects (`ClientClosedRequestError`) or the deadline passes (`DeadlineExceededError`). */
  readonly signal: AbortSignal;
  readonly req: Request;
  readonly res: Response;
}

/** Response headers that a handler sets in addition to its result. */
export interface Reply {
  setHeader(name: string, value: string): void;
}

/** Streamed response. */
export class StreamReply {
  readonly status: number;
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
  readonly terminator: string | undefined;

  constructor(options: {
    readonly contentType: string;
    /** Read with back-pressure; its iterator is closed when the client disconnects. */
    readonly body: AsyncIterable<Uint8Array>;
    readonly status?: number;
    readonly headers?: Readonly<Record<string, string>>;
    /**
     * Text that completes the stream, such as `data: [DONE]`: a client that disconnects after it counts as served,
     * although the connection has not ended.
     */
    readonly terminator?: string;
  }) {
    this.status = options.status ?? 200;
    this.contentType = options.contentType;
    this.headers = options.headers ?? {};
    this.body = options.body;
    this.terminator = options.terminator;
  }
}

/** Creates a streamed response. When `body` throws, the connection is destroyed: a truncated response never looks complete. */
export function streamReply(options: ConstructorParameters<typeof StreamReply>[0]): StreamReply {
  return new StreamReply(options);
}

/** Handles a request; returns the JSON body, a stream, or nothing (204). */
export type RouteHandler<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, R extends z.ZodType> = (
  request: RouteRequest<P, Q, B>,
  reply: Reply,
) => Promise<z.input<R> | StreamReply | undefined>;

/** Route with its handler. */
export interface BoundRoute {
  readonly route: Route;
  /** Time limit of a request on this route; replaces the limit of the app. */
  readonly timeoutMs?: number;
  handle(request: RouteRequest<z.ZodType, z.ZodType, z.ZodType>, reply: Reply): Promise<unknown>;
}

/** Binds a handler to a route. `timeoutMs` is for routes whose responses take longer than the limit of the app. */
export function bindRoute<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, R extends z.ZodType>(
  route: Route<P, Q, B, R>,
  handler: RouteHandler<P, Q, B, R>,
  options: { readonly timeoutMs?: number } = {},
): BoundRoute {
  return {
    ...options,
    route,
    // The app validates params, query and body against the schemas of this route before it calls.
    handle: (request, reply) => handler(request, reply),
  };
}
