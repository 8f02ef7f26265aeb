import * as contracts from '@aion/contracts';
import { storedRoute, type Route } from '@aion/contracts';
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
const { PUBLIC_ROUTES, ...others } = contracts;
const exported: unknown[] = Object.values(others);
const isRoute = (value: unknown): value is Route =>
  typeof value === 'object' && value !== null && 'path' in value && 'method' in value;
const declared = [...new Set([...PUBLIC_ROUTES, ...exported.filter(isRoute)])];
/** What database-gateway carries out of the management API; where it differs from the public route, it is declared. */
const stored = PUBLIC_ROUTES.filter(({ path }) => path.startsWith('/api/v1/'))
  .map((route): Route => storedRoute(route))
  .filter(({ name }) => !declared.some((route) => route.name === name));
/** What creates comes first, so that there is something to find, and what deletes comes last. */
const ORDER = ['POST', 'PUT', 'GET', 'PATCH', 'DELETE'];
const routes = [...declared, ...stored].toSorted(
  (one, other) => ORDER.indexOf(one.method) - ORDER.indexOf(other.method),
);

let target: FuzzTarget;
let sender: Sender;
let ids: KnownIds;
/** Services have paths of the same name. */
let documented: ReadonlyMap<string, DocumentedAnswers>;
const unserved: string[] = [];
/** Routes that have answered with what they are for. */
const reached = new Set<string>();

beforeAll(async () => {
  target = await startFuzzTarget();
  sender = createSender(CONCURRENCY);
  ids = createKnownIds(target.credentials.ownIds);
  const byService = Map.groupBy(routes, ({ service }) => service);
  documented = new Map([...byService].map(([service, own]) => [service, createDocumentedAnswers(own)]));
}, 90_000);
afterAll(async () => {
  sender.close();
  await target.stop();
}, 60_000);

describe('every contract', () => {
  it.each(routes.map((route) => [`${route.method} ${route.path} (${route.service})`, route] as const))(
    'is kept whatever is sent: %s',
    async (_name, route) => {
      const baseUrl = target.baseUrlOf(route.service);
      if (stored.includes(route) && !(await isServed(baseUrl, route))) {
        unserved.push(route.name);
        return;
      }
      const cases = casesOf(route, {
        seed: seedOf(route),
        validRuns: 8 * EFFORT,
        maxWrong: 60 * EFFORT,
        maxMalformed: 30 * EFFORT,
        allowed: await target.credentials.allowedFor(route),
        refused: await target.credentials.refusedFor(route),
        ids,
        fixtures: target.credentials.fixturesFor(route),
      });
      const judge = { documented: documented.get(route.service)!, internalHosts: target.internalHosts };
      const faults = await runCases(route, cases, {
        sender,
        baseUrl,
        judge,
        ids,
        reached,
        concurrency: CONCURRENCY,
        logs: () => target.logs(),
      });
      expect({ seed: SEED, faults }).toEqual({ seed: SEED, faults: [] });
    },
    30_000 * EFFORT,
  );

  it('is one of a route that there is, but for what web-api does by itself', () => {
    expect(unserved.length).toBeLessThan(stored.length / 2);
  });

  it('is of a route that does its work for most requests that are good, and not one that refuses all', () => {
    const served = routes.filter(({ name }) => !unserved.includes(name));
    const refusing = served.filter(({ name }) => !reached.has(name)).map(({ name }) => name);
    expect({ refusing, share: refusing.length / served.length > 0.25 }).toEqual({ refusing, share: false });
  });

  it('leaves the services alive and without an error in their logs', () => {
    const errors = target
      .logs()
      .split('\n')
      .filter((line) => line.includes('"level":"error"'))
      // An export that is stored for nobody cannot be written: web-api lets none through.
      .filter((line) => !line.includes('"failure":"INVALID_RECIPIENT"'));
    expect(errors).toEqual([]);
  });
});

/** Each route gets other choices. */
function seedOf({ name }: Route): number {
  return Buffer.from(name).reduce((hash, byte) => (hash * 31 + byte) % 1_000_003, SEED % 1_000_003);
}

/** A path of the service answers to a wrong method with 405. */
async function isServed(baseUrl: string, { path }: Route): Promise<boolean> {
  const headers = (await target.credentials.allowedFor(contracts.pingDatabaseGateway))[0];
  const answer = await fetch(`${baseUrl}${path.replaceAll(/\{\w+\}/g, 'x')}`, { method: 'OPTIONS', headers });
  await answer.body?.cancel();
  return answer.status === 405;
}
