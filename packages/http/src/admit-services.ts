import { contextFromCarrier, type TraceCarrier } from '@aion/tracing';
import type { IncomingHttpHeaders } from 'node:http';
import { parseCallerHeader } from './caller-header.ts';
import type { Admit } from './create-app.ts';
import type { ServiceTokens } from './service-tokens.ts';

/** Authenticates other services of AION by their token, and continues their trace and ids. */
export function admitServices(tokens: ServiceTokens): Admit {
  return async (_route, req) => {
    const base = { parent: contextFromCarrier(readTraceCarrier(req.headers)), links: [], correlationId: undefined };
    try {
      const service = await tokens.verify(parseBearerToken(req.headers));
      const caller = parseCallerHeader(req.headers);
      return { ...base, identity: { kind: 'service', service, ...(caller === undefined ? {} : { caller }) } };
    } catch (refusal) {
      return { ...base, identity: { kind: 'anonymous' }, refusal };
    }
  };
}

/** Parses the token of an `Authorization: Bearer` header (RFC 6750). */
export function parseBearerToken(headers: IncomingHttpHeaders): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
}

/** Reads the trace carrier from the headers of a request. */
export function readTraceCarrier(headers: IncomingHttpHeaders): TraceCarrier {
  const { traceparent, tracestate, baggage } = headers;
  return {
    ...(typeof traceparent === 'string' ? { traceparent } : {}),
    ...(typeof tracestate === 'string' ? { tracestate } : {}),
    ...(typeof baggage === 'string' ? { baggage } : {}),
  };
}
