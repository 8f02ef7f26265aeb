import * as contracts from '@aion/contracts';
import type { Route } from '@aion/contracts';
import { createDocumentedAnswers, type DocumentedAnswers } from './fuzz/documented-answers.ts';
import { startFuzzTarget, type FuzzTarget } from './fuzz/fuzz-target.ts';
import { createKnownIds, type KnownIds } from './fuzz/known-ids.ts';
import { casesOf } from './fuzz/route-cases.ts';
import { runCases } from './fuzz/run-cases.ts';
import { createSender, type Sender } from './fuzz/send-case.ts';

/** Another seed makes other requests; the one of a failure makes the same again. */
const SEED = Number(process.env['AION_FUZZ_SEED'] ?? 20_261_124);
/** How many times the requests of a quick run. */
const EFFORT = Number(process.env['AION_FUZZ_EFFORT'] ?? 1);
const CONCURRENCY = 8;
const FIXTURES = {
  recipient: 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p',
  model: 'embedded/extractive',
};

const exported: unknown[] = Object.values(contracts);
const isRoute = (value: unknown): value is Route =>
  typeof value === 'object' && value !== null && 'path' in value && 'method' in value;
/** What creates comes first, so that there is something to find, and what deletes comes last. */
const ORDER = ['POST', 'PUT', 'GET', 'PATCH', 'DELETE'];
const routes = [...new Set([...contracts.PUBLIC_ROUTES, ...exported.filter(isRoute)])].toSorted(
  (one, other) => ORDER.indexOf(one.method) - ORDER.indexOf(other.method),
);

let target: FuzzTarget;
let sender: Sender;
let ids: KnownIds;
/** Services have paths of the same name. */
let documented: ReadonlyMap<string, DocumentedAnswers>;

beforeAll(async () => {
  target = await startFuzzTarget();
  sender = createSender(CONCURRENCY);
  ids = createKnownIds(target.ownIds);
  documented = new Map(
    [...Map.groupBy(routes, ({ service }) => service)].map(([service, own]) => [service, createDocumentedAnswers(own)]),
  );
}, 90_000);
afterAll(async () => {
  sender.close();
  await target.stop();
}, 60_000);

describe('every contract', () => {
  it.each(routes.map((route) => [`${route.method} ${route.path} (${route.service})`, route] as const))(
    'is kept whatever is sent: %s',
    async (_name, route) => {
      const headers = await target.credentialsFor(route);
      const cases = casesOf(route, {
        seed: SEED,
        validRuns: 8 * EFFORT,
        maxWrong: 150 * EFFORT,
        headers,
        ids,
        fixtures: FIXTURES,
      });
      const judge = { documented: documented.get(route.service)!, internalHosts: target.internalHosts };
      const baseUrl = target.baseUrlOf(route.service);
      const faults = await runCases(route, cases, { sender, baseUrl, judge, ids, concurrency: CONCURRENCY });
      expect({ seed: SEED, faults }).toEqual({ seed: SEED, faults: [] });
    },
  );

  it('leaves the services alive and without an error in their logs', () => {
    const errors = target
      .logs()
      .split('\n')
      .filter((line) => line.includes('"level":"error"'));
    expect(errors).toEqual([]);
  });
});
