import { INTERNAL_ROUTES, internalRoute, internalRoutes, PUBLIC_ROUTES, type Route } from '@aion/contracts';
import { z } from 'zod';
import { BASIC_KINDS } from './fuzz/wrong-requests.ts';
import { createDocumentedAnswers, type DocumentedAnswers } from './fuzz/documented-answers.ts';
import { UNREACHED, UNSERVED } from './fuzz/exceptions.ts';
import { startFuzzTarget, type FuzzTarget } from './fuzz/fuzz-target.ts';
import { createKnownIds, type KnownIds } from './fuzz/known-ids.ts';
import { casesOf } from './fuzz/route-cases.ts';
import { runCases } from './fuzz/run-cases.ts';
import { createSender, type Sender } from './fuzz/send-case.ts';

/** Another seed makes other requests; the one of a failure makes the same again. */
const SEED = Number(process.env['AION_FUZZ_SEED'] ?? 20_261_124);
/** How many times the requests of a quick run. */
const EFFORT = Number(process.env['AION_TEST_EFFORT'] ?? 1);
const CONCURRENCY = 8;
const declared = [...PUBLIC_ROUTES, ...INTERNAL_ROUTES];
/** What database-gateway carries out of the management API; where it differs from the public route, it is declared. */
const stored = PUBLIC_ROUTES.filter(({ path }) => path.startsWith('/api/v1/'))
  .map((route): Route => internalRoute(route))
  .filter(({ name }) => !declared.some((route) => route.name === name));
/** What creates comes first, so that there is something to find, and what deletes comes last. */
const ORDER = ['POST', 'PUT', 'GET', 'PATCH', 'DELETE'];
const requestOrder = [...declared, ...stored].toSorted(
  (one, other) => ORDER.indexOf(one.method) - ORDER.indexOf(other.method),
);

let target: FuzzTarget;
let sender: Sender;
let ids: KnownIds;
/** Services have paths of the same name. */
let documented: ReadonlyMap<string, DocumentedAnswers>;
const unserved: string[] = [];
/** The names of the requests of each route. */
const tried = new Map<string, ReadonlySet<string>>();
/** Routes that have answered with what they are for. */
const reached = new Set<string>();

beforeAll(async () => {
  target = await startFuzzTarget();
  sender = createSender(CONCURRENCY);
  ids = createKnownIds(target.credentials.ownIds);
  const byService = Map.groupBy(requestOrder, ({ service }) => service);
  documented = new Map([...byService].map(([service, own]) => [service, createDocumentedAnswers(own)]));
}, 90_000);
afterAll(async () => {
  sender.close();
  await target.stop();
}, 60_000);

describe('every contract', () => {
  it.each(requestOrder.map((route) => [`${route.method} ${route.path} (${route.service})`, route] as const))(
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
        maxWrong: 20 * EFFORT,
        maxMalformed: 30 * EFFORT,
        allowed: await target.credentials.allowedFor(route),
        refused: await target.credentials.refusedFor(route),
        ids,
        fixtures: target.credentials.fixturesFor(route),
      });
      tried.set(route.name, new Set(cases.map(({ name }) => name)));
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
    expect(unserved.toSorted()).toEqual(Object.keys(UNSERVED).toSorted());
  });

  it('is of a route that does its work for requests that are good, and not one that refuses all', () => {
    const served = requestOrder.filter(({ name }) => !unserved.includes(name));
    // What web-api has answered, database-gateway has carried out.
    const isReached = (name: string): boolean => reached.has(name) || reached.has(publicName(name));
    const unreached = served.map(({ name }) => name).filter((name) => !isReached(name));
    expect(unreached.filter((name) => UNREACHED[publicName(name)] === undefined)).toEqual([]);
  });

  it.each(PUBLIC_ROUTES.map((route) => [route.name, route] as const))(
    'is tried with each field of the body of %s missing, null, of another type, huge, in odd characters',
    (name, route) => {
      const wrong = fieldsOf(route).flatMap((field) => BASIC_KINDS.map((kind) => `body /${field}: ${kind}`));
      expect(wrong.filter((each) => tried.get(name)?.has(each) !== true)).toEqual([]);
    },
  );

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

/** The name of the route that a stored one is derived from. */
function publicName(name: string): string {
  return name.replace(/^stored\./, '');
}

/** The fields that the contract of a body has by itself. */
function fieldsOf({ body }: Route): string[] {
  return body === undefined
    ? []
    : Object.keys(z.toJSONSchema(body, { io: 'input', unrepresentable: 'any' }).properties ?? {});
}

/** Each route gets other choices. */
function seedOf({ name }: Route): number {
  return Buffer.from(name).reduce((hash, byte) => (hash * 31 + byte) % 1_000_003, SEED % 1_000_003);
}

/** A path of the service answers to a wrong method with 405. */
async function isServed(baseUrl: string, { path }: Route): Promise<boolean> {
  const headers = (await target.credentials.allowedFor(internalRoutes.ping.databaseGateway))[0];
  const answer = await fetch(`${baseUrl}${path.replaceAll(/\{\w+\}/g, 'x')}`, { method: 'OPTIONS', headers });
  await answer.body?.cancel();
  return answer.status === 405;
}
