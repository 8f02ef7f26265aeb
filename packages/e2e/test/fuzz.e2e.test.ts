import { INTERNAL_ROUTES, internalRoute, internalRoutes, PUBLIC_ROUTES, type Route } from '@aion/contracts';
import { z } from 'zod';
import { BASIC_KINDS } from './fuzz/wrong-requests.ts';
import { createDocumentedAnswers, type DocumentedAnswers } from './fuzz/documented-answers.ts';
import { UNREACHED, UNSERVED } from './fuzz/exceptions.ts';
import { startFuzzTarget, type FuzzTarget } from './fuzz/fuzz-target.ts';
import { createKnownIds, type KnownIds } from './fuzz/known-ids.ts';
import { createCases } from './fuzz/route-cases.ts';
import { runCases } from './fuzz/run-cases.ts';
import { createSender, type Sender } from './fuzz/send-case.ts';

/** Seed of the generated requests; the seed of a failure reproduces it. */
const SEED = Number(process.env['AION_FUZZ_SEED'] ?? 20_261_124);
/** Factor by which the number of requests exceeds that of a quick run. */
const EFFORT = Number(process.env['AION_TEST_EFFORT'] ?? 1);
const CONCURRENCY = 8;
const declared = [...PUBLIC_ROUTES, ...INTERNAL_ROUTES];
/** Internal routes of database-gateway that are derived from public routes, except those declared separately. */
const derived = PUBLIC_ROUTES.filter(({ path }) => path.startsWith('/api/v1/'))
  .map((route): Route => internalRoute(route))
  .filter(({ name }) => !declared.some((route) => route.name === name));
/** Methods that create come first, so that other requests find entities; DELETE comes last. */
const METHOD_ORDER = ['POST', 'PUT', 'GET', 'PATCH', 'DELETE'];
const requestOrder = [...declared, ...derived].toSorted(
  (one, other) => METHOD_ORDER.indexOf(one.method) - METHOD_ORDER.indexOf(other.method),
);

let target: FuzzTarget;
let sender: Sender;
let ids: KnownIds;
/** By service, because paths of different services may be equal. */
let documented: ReadonlyMap<string, DocumentedAnswers>;
const unserved: string[] = [];
/** Names of the requests that were sent to each route. */
const tried = new Map<string, ReadonlySet<string>>();
/** Names of routes that have returned a successful response. */
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

describe('the contract', () => {
  it.each(requestOrder.map((route) => [`${route.method} ${route.path} (${route.service})`, route] as const))(
    'holds for all valid, invalid and malformed requests to %s',
    async (_name, route) => {
      const baseUrl = target.baseUrlOf(route.service);
      if (derived.includes(route) && !(await isServed(baseUrl, route))) {
        unserved.push(route.name);
        return;
      }
      const cases = createCases(route, {
        seed: seedOf(route),
        validRuns: 8 * EFFORT,
        maxWrong: 20 * EFFORT,
        maxMalformed: 30 * EFFORT,
        allowed: await target.credentials.allowedFor(route),
        rejected: await target.credentials.rejectedFor(route),
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

  it('has a served route, except for operations that web-api executes alone', () => {
    expect(unserved.toSorted()).toEqual(Object.keys(UNSERVED).toSorted());
  });

  it('has a route that succeeds for valid requests instead of rejecting all of them', () => {
    const served = requestOrder.filter(({ name }) => !unserved.includes(name));
    // Routes of database-gateway are reached through those of web-api.
    const isReached = (name: string): boolean => reached.has(name) || reached.has(toPublicName(name));
    const unreached = served.map(({ name }) => name).filter((name) => !isReached(name));
    expect(unreached.filter((name) => UNREACHED[toPublicName(name)] === undefined)).toEqual([]);
  });

  it.each(PUBLIC_ROUTES.map((route) => [route.name, route] as const))(
    'of %s is tested with each body field missing, null, of another type, huge and with unusual characters',
    (name, route) => {
      const wrong = listFields(route).flatMap((field) => BASIC_KINDS.map((kind) => `body /${field}: ${kind}`));
      expect(wrong.filter((each) => tried.get(name)?.has(each) !== true)).toEqual([]);
    },
  );

  it('tests leave no errors in the logs of the services', () => {
    const errors = target
      .logs()
      .split('\n')
      .filter((line) => line.includes('"level":"error"'))
      // Exports with an invalid recipient fail; web-api rejects them, but internal routes do not.
      .filter((line) => !line.includes('"failure":"INVALID_RECIPIENT"'));
    expect(errors).toEqual([]);
  });
});

/** Returns the name of the public route that an internal route is derived from. */
function toPublicName(name: string): string {
  return name.replace(/^stored\./, '');
}

/** Lists the top-level fields of the contract of a body. */
function listFields({ body }: Route): string[] {
  return body === undefined
    ? []
    : Object.keys(z.toJSONSchema(body, { io: 'input', unrepresentable: 'any' }).properties ?? {});
}

/** Derives a seed per route. */
function seedOf({ name }: Route): number {
  return Buffer.from(name).reduce((hash, byte) => (hash * 31 + byte) % 1_000_003, SEED % 1_000_003);
}

/** Reports whether the service has the path: it then responds to a wrong method with 405. */
async function isServed(baseUrl: string, { path }: Route): Promise<boolean> {
  const headers = (await target.credentials.allowedFor(internalRoutes.ping.databaseGateway))[0];
  const answer = await fetch(`${baseUrl}${path.replaceAll(/\{\w+\}/g, 'x')}`, { method: 'OPTIONS', headers });
  await answer.body?.cancel();
  return answer.status === 405;
}
