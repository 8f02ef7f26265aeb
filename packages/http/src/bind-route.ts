import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { Route } from '@aion/contracts';
import type { Request, Response } from 'express';
import type { z } from 'zod';
import type { Identity } from './identity.ts';

/** A validated request on a route. */
export interface RouteRequest<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> {
  readonly params: z.output<P>;
  readonly query: z.output<Q>;
  readonly body: z.output<B>;
  /** The body's bytes as they arrived, for passing them on. */
  readonly rawBody: Buffer;
  /**
   * Opens the bytes of a route that takes an upload, which arrive as they are read. They end in `PayloadTooLargeError`
   * when there are more than `maxBytes`, and in the signal's reason.
   */
  readonly upload: (maxBytes: number) => Readable;
  readonly headers: IncomingHttpHeaders;
  readonly identity: Identity;
  /** Aborted when the client has gone (`ClientClosedRequestError`) or the deadline has passed (`DeadlineExceededError`). */
  readonly signal: AbortSignal;
  readonly req: Request;
  readonly res: Response;
}

/** What a handler may set beside its result. */
export interface Reply {
  setHeader(name: string, value: string): void;
}

/** An answer of bytes that are not held in memory. */
export class StreamReply {
  readonly status: number;
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
  readonly terminator: string | undefined;

  constructor(options: {
    readonly contentType: string;
    /** Read with back-pressure; its iterator is returned when the client goes away. */
    readonly body: AsyncIterable<Uint8Array>;
    readonly status?: number;
    readonly headers?: Readonly<Record<string, string>>;
    /**
     * The text after which a reader has everything, such as `data: [DONE]`: one that hangs up then, before the
     * connection has ended, did not go away early.
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

/** Answers with bytes. When `body` throws, the connection is broken off, so that a cut answer never looks whole. */
export function streamReply(options: ConstructorParameters<typeof StreamReply>[0]): StreamReply {
  return new StreamReply(options);
}

/** Handles a request: gives the JSON answer, a stream, or nothing (204). */
export type RouteHandler<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, R extends z.ZodType> = (
  request: RouteRequest<P, Q, B>,
  reply: Reply,
) => Promise<z.input<R> | StreamReply | undefined>;

/** A route with its handler. */
export interface BoundRoute {
  readonly route: Route;
  /** How long one request of this route may take, instead of the app's limit. */
  readonly timeoutMs?: number;
  handle(request: RouteRequest<z.ZodType, z.ZodType, z.ZodType>, reply: Reply): Promise<unknown>;
}

/** Binds a handler to a contract. `timeoutMs` is for routes whose answers last longer than the app's limit. */
export function bindRoute<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, R extends z.ZodType>(
  route: Route<P, Q, B, R>,
  handler: RouteHandler<P, Q, B, R>,
  options: { readonly timeoutMs?: number } = {},
): BoundRoute {
  return {
    ...options,
    route,
    // The app validates params, query and body by this very route's schemas before it calls.
    handle: (request, reply) => handler(request, reply),
  };
}
