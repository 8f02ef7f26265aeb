import type { Route } from '@aion/contracts';
import type { FuzzCase } from './fuzz-case.ts';
import { judgeAnswer, type Judge } from './judge-answer.ts';
import type { KnownIds } from './known-ids.ts';
import type { FuzzAnswer, Sender } from './send-case.ts';

/** Options of {@link runCases}. */
export interface RunOptions {
  readonly sender: Sender;
  readonly baseUrl: string;
  readonly judge: Judge;
  readonly ids: KnownIds;
  readonly concurrency: number;
  /** Set to which the name of the route is added when a valid request succeeds. */
  readonly reached: Set<string>;
  /** Returns the logs of the services so far. */
  readonly logs: () => string;
}

const MAX_SHOWN_CHARS = 400;

/** Sends all requests of a route and returns the faults of the responses, each with the request to reproduce it. */
export async function runCases(route: Route, cases: readonly FuzzCase[], options: RunOptions): Promise<string[]> {
  const faults: string[] = [];
  const waiting = cases.values();
  const work = async (): Promise<void> => {
    for (const fuzzCase of waiting) faults.push(...(await runCase(route, fuzzCase, options)));
  };
  await Promise.all(Array.from({ length: options.concurrency }, work));
  return faults;
}

async function runCase(
  route: Route,
  fuzzCase: FuzzCase,
  { sender, baseUrl, judge, ids, logs, reached }: RunOptions,
): Promise<string[]> {
  try {
    const answer = await sender.send(baseUrl, fuzzCase);
    const { headers, status, body } = answer;
    if (status < 300 && body !== '' && (headers['content-type'] ?? '').includes('json')) {
      ids.learn(route.path, body);
    }
    if (status < 300 && fuzzCase.name.startsWith('valid')) reached.add(route.name);
    const faults = judgeAnswer(judge, route, fuzzCase, answer);
    const reason = faults.length > 0 && status >= 500 ? findReason(answer, logs()) : '';
    return faults.map((fault) => formatFault(route, fuzzCase, fault, answer) + reason);
  } catch (error) {
    return [formatFault(route, fuzzCase, error instanceof Error ? error.message : String(error), undefined)];
  }
}

function formatFault(
  route: Route,
  { name, method, path, body }: FuzzCase,
  fault: string,
  answer: FuzzAnswer | undefined,
): string {
  const sent = `${method} ${path.slice(0, MAX_SHOWN_CHARS)} ${String(body ?? '').slice(0, MAX_SHOWN_CHARS)}`;
  const got = answer === undefined ? 'nothing' : `${answer.status} ${answer.body.slice(0, MAX_SHOWN_CHARS)}`;
  return `${fault}\n  ${route.name} (${name})\n  > ${sent}\n  < ${got}`;
}

/** Finds the error of a failed request in the logs. */
function findReason({ headers }: FuzzAnswer, logs: string): string {
  const id = headers['x-request-id'];
  const lines = logs.split('\n').filter((line) => line.includes(String(id)) && line.includes('"error"'));
  return lines.map((line) => `\n  ! ${line.slice(line.indexOf('"error"')).slice(0, MAX_SHOWN_CHARS)}`).join('');
}
