import type { Route } from '@aion/contracts';
import type { DocumentedAnswers } from './documented-answers.ts';
import { findViolation, type FuzzCase, type Violation } from './fuzz-case.ts';
import type { FuzzAnswer } from './send-case.ts';

/** Patterns of internal details, which no response may contain. */
const INTERNALS: Readonly<Record<string, RegExp>> = {
  SQL: /\b(select\s.+\sfrom|insert into|update\s\w+\sset|delete from)\b|syntax error at|invalid input syntax|violates \w+[ -]|duplicate key value|relation "|column "/is,
  'a stack': /\n\s+at |\bat \S+ \(|node:internal|node_modules|\.[tj]s:\d+/,
  'a file path': /\/(?:work|home|root|tmp|usr|var|opt)\/\w|file:\/\//,
  'an internal of the runtime':
    /\b(?:TypeError|RangeError|SyntaxError|ReferenceError|ECONN\w+|ENOENT|EACCES|getaddrinfo|Cannot read propert)/,
};

/** Options of {@link judgeAnswer}. */
export interface Judge {
  readonly documented: DocumentedAnswers;
  /** Addresses of internal services as `host:port`. */
  readonly internalHosts: readonly string[];
}

/** Lists the faults of a response. */
export function judgeAnswer(judge: Judge, route: Route, fuzzCase: FuzzCase, answer: FuzzAnswer): readonly string[] {
  return [
    ...(answer.status >= 500 ? [`${answer.status} is a server error`] : []),
    ...findLeaks(judge, answer),
    ...findShapeFaults(fuzzCase, answer),
    ...(fuzzCase.params === undefined ? [] : judge.documented.undocumented(route, answer)),
    ...findRejectionFaults(route, fuzzCase, answer),
  ];
}

function findLeaks({ internalHosts }: Judge, { headers, body }: FuzzAnswer): string[] {
  const text = `${JSON.stringify(headers)}\n${(headers['content-type'] ?? '').includes('json') ? body : ''}`;
  const leaked = Object.entries(INTERNALS).filter(([, pattern]) => pattern.test(text));
  const hosts = internalHosts.filter((host) => text.includes(host));
  return [...leaked.map(([name]) => `it leaks ${name}`), ...hosts.map((host) => `it leaks ${host}`)];
}

/** Checks the error format: RFC 9457, except under `/v1`, which uses the format of OpenAI. */
function findShapeFaults({ path, method }: FuzzCase, { status, headers, body }: FuzzAnswer): string[] {
  if (status < 400 || method === 'HEAD') return [];
  const type = headers['content-type'] ?? '';
  const document = asObject(body);
  if (path.startsWith('/v1/')) {
    const { message } = asObject(JSON.stringify(document['error'] ?? null));
    return type.startsWith('application/json') && typeof message === 'string'
      ? []
      : ['it is not an error in the format of OpenAI'];
  }
  const isProblem = type.startsWith('application/problem+json') && document['status'] === status;
  return isProblem ? [] : ['it is not a problem document'];
}

function findRejectionFaults(route: Route, fuzzCase: FuzzCase, answer: FuzzAnswer): string[] {
  const { status, headers } = answer;
  if (status === 401 && headers['www-authenticate'] === undefined) return ['401 without WWW-Authenticate'];
  if (status === 405 && headers.allow === undefined) return ['405 without Allow'];
  if (status === 503 && headers['retry-after'] === undefined) return ['503 without Retry-After'];
  if (fuzzCase.unauthorized === true)
    return status === 401 || status === 403 ? [] : ['invalid credentials were not rejected'];
  // A signed URL is its own credential: a modified one is rejected before its contract applies.
  const violation = route.auth.kind === 'signed-url' ? undefined : findViolation(route, fuzzCase);
  if (violation === undefined) return [];
  if (status < 400) return [`the contract rejects it at ${violation.pointers.join(', ')}, and it was accepted`];
  if (status === 413) return [];
  return status === 400
    ? findPointerFaults(violation, fuzzCase, answer)
    : [`the contract rejects it with 400, and the status is ${status}`];
}

/** Checks that the error names exactly the invalid locations. */
function findPointerFaults({ part, pointers }: Violation, { path }: FuzzCase, { body }: FuzzAnswer): string[] {
  const document = asObject(body);
  const isRootInvalid = pointers.includes('');
  if (path.startsWith('/v1/')) {
    const { param } = asObject(JSON.stringify(document['error'] ?? null));
    return isRootInvalid || typeof param === 'string' ? [] : [`no field of the ${part} is named`];
  }
  if (isRootInvalid) return [];
  const errors = Array.isArray(document['errors']) ? (document['errors'] as { pointer?: unknown }[]) : [];
  const named = errors.map(({ pointer }) => String(pointer)).toSorted();
  const expected = [...pointers].toSorted();
  return JSON.stringify(named) === JSON.stringify(expected)
    ? []
    : [`the ${part} is wrong at ${expected.join(', ')}, and [${named.join(', ')}] is named`];
}

function asObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {}; // Not JSON, so it has no fields.
  }
}
