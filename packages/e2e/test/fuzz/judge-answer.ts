import type { Route } from '@aion/contracts';
import type { DocumentedAnswers } from './documented-answers.ts';
import { refusalOf, type FuzzCase, type Refusal } from './fuzz-case.ts';
import type { FuzzAnswer } from './send-case.ts';

/** Signs of what is inside: none of it may stand in an answer. */
const INTERNALS: Readonly<Record<string, RegExp>> = {
  SQL: /\b(select\s.+\sfrom|insert into|update\s\w+\sset|delete from)\b|syntax error at|invalid input syntax|violates \w+[ -]|duplicate key value|relation "|column "/is,
  'a stack': /\n\s+at |\bat \S+ \(|node:internal|node_modules|\.[tj]s:\d+/,
  'a file path': /\/(?:work|home|root|tmp|usr|var|opt)\/\w|file:\/\//,
  'an internal of the runtime':
    /\b(?:TypeError|RangeError|SyntaxError|ReferenceError|ECONN\w+|ENOENT|EACCES|getaddrinfo|Cannot read propert)/,
};

/** How answers are judged. */
export interface Judge {
  readonly documented: DocumentedAnswers;
  /** Addresses that only services know, as `host:port`. */
  readonly internalHosts: readonly string[];
}

/** What is wrong with an answer; nothing when all is well. */
export function judgeAnswer(judge: Judge, route: Route, fuzzCase: FuzzCase, answer: FuzzAnswer): readonly string[] {
  return [
    ...(answer.status >= 500 ? [`${answer.status} is a server's fault`] : []),
    ...leaksOf(judge, answer),
    ...shapeFaults(fuzzCase, answer),
    ...(fuzzCase.params === undefined ? [] : judge.documented.undocumented(route, answer)),
    ...refusalFaults(route, fuzzCase, answer),
  ];
}

function leaksOf({ internalHosts }: Judge, { headers, body }: FuzzAnswer): string[] {
  const text = `${JSON.stringify(headers)}\n${(headers['content-type'] ?? '').includes('json') ? body : ''}`;
  const signs = Object.entries(INTERNALS).filter(([, pattern]) => pattern.test(text));
  const hosts = internalHosts.filter((host) => text.includes(host));
  return [...signs.map(([what]) => `it leaks ${what}`), ...hosts.map((host) => `it leaks ${host}`)];
}

/** RFC 9457 everywhere but under `/v1`, which answers as OpenAI does. */
function shapeFaults({ path, method }: FuzzCase, { status, headers, body }: FuzzAnswer): string[] {
  if (status < 400 || method === 'HEAD') return [];
  const type = headers['content-type'] ?? '';
  const document = asObject(body);
  if (path.startsWith('/v1/')) {
    const { message } = asObject(JSON.stringify(document['error'] ?? null));
    return type.startsWith('application/json') && typeof message === 'string'
      ? []
      : ["it is not an error as OpenAI's are"];
  }
  const isProblem = type.startsWith('application/problem+json') && document['status'] === status;
  return isProblem ? [] : ['it is not a problem document'];
}

function refusalFaults(route: Route, fuzzCase: FuzzCase, answer: FuzzAnswer): string[] {
  const { status, headers } = answer;
  if (status === 401 && headers['www-authenticate'] === undefined) return ['401 without WWW-Authenticate'];
  if (status === 405 && headers.allow === undefined) return ['405 without Allow'];
  if (status === 503 && headers['retry-after'] === undefined) return ['503 without Retry-After'];
  if (fuzzCase.refused === true) return status === 401 || status === 403 ? [] : ['bad credentials were not refused'];
  // A signed URL is its own credential: one that was changed is refused before it is read.
  const refusal = route.auth.kind === 'signed-url' ? undefined : refusalOf(route, fuzzCase);
  if (refusal === undefined) return [];
  if (status < 400) return [`the contract refuses it at ${refusal.pointers.join(', ')}, and it was accepted`];
  if (status === 413) return [];
  return status === 400
    ? namedFaults(refusal, fuzzCase, answer)
    : [`the contract refuses it with 400, and ${status} came`];
}

/** Every place that is wrong is named, and no other. */
function namedFaults({ part, pointers }: Refusal, { path }: FuzzCase, { body }: FuzzAnswer): string[] {
  const document = asObject(body);
  const isOfWhole = pointers.includes('');
  if (path.startsWith('/v1/')) {
    const { param } = asObject(JSON.stringify(document['error'] ?? null));
    return isOfWhole || typeof param === 'string' ? [] : [`no field of the ${part} is named`];
  }
  if (isOfWhole) return [];
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
    return {}; // Not JSON: it has no fields.
  }
}
