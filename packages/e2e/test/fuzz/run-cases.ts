import type { Route } from '@aion/contracts';
import type { FuzzCase } from './fuzz-case.ts';
import { judgeAnswer, type Judge } from './judge-answer.ts';
import type { KnownIds } from './known-ids.ts';
import type { FuzzAnswer, Sender } from './send-case.ts';

/** What a route is tried with. */
export interface RunOptions {
  readonly sender: Sender;
  readonly baseUrl: string;
  readonly judge: Judge;
  readonly ids: KnownIds;
  readonly concurrency: number;
  /** Gets the name of the route when a good request is carried out. */
  readonly reached: Set<string>;
  /** What the services have logged so far. */
  readonly logs: () => string;
}

const SHOWN = 400;

/** Sends all requests of a route and gives what is wrong with the answers, each with what it takes to repeat it. */
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
    const reason = faults.length > 0 && status >= 500 ? reasonOf(answer, logs()) : '';
    return faults.map((fault) => describe(route, fuzzCase, fault, answer) + reason);
  } catch (error) {
    return [describe(route, fuzzCase, error instanceof Error ? error.message : String(error), undefined)];
  }
}

function describe(
  route: Route,
  { name, method, path, body }: FuzzCase,
  fault: string,
  answer: FuzzAnswer | undefined,
): string {
  const sent = `${method} ${path.slice(0, SHOWN)} ${String(body ?? '').slice(0, SHOWN)}`;
  const got = answer === undefined ? 'nothing' : `${answer.status} ${answer.body.slice(0, SHOWN)}`;
  return `${fault}\n  ${route.name} (${name})\n  > ${sent}\n  < ${got}`;
}

/** What the log says of a failed request. */
function reasonOf({ headers }: FuzzAnswer, logs: string): string {
  const id = headers['x-request-id'];
  const lines = logs.split('\n').filter((line) => line.includes(String(id)) && line.includes('"error"'));
  return lines.map((line) => `\n  ! ${line.slice(line.indexOf('"error"')).slice(0, SHOWN)}`).join('');
}
