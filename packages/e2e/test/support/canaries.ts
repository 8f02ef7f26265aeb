import { PUBLIC_ROUTES, type Route } from '@aion/contracts';
import pg from 'pg';
import { readAllTraces } from './jaeger-spans.ts';
import type { ObservedPlatform } from './observed-platform.ts';
import { REJECTED_MODEL } from './plain-provider.ts';

/** Fake secrets that are recognised wherever they appear. */
export const CANARIES = {
  providerKey: 'sk-proj-c4n4ryProv1derKeyAbCdEf0123456789xyz',
  apiKey: 'sk-c4n4ryApiKeyZyXwVu9876543210AbCdEfGhIj',
  card: '4242424242424242',
  email: 'c4n4ry.person@example.org',
  bearer: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjNG40cnkifQ.c4n4rySignature0123456789abcdef',
  password: 'c4n4ryPassw0rdOfNobody',
} as const;

/** Canaries in the formats in which people send secrets. */
export const PLANTS: readonly string[] = [
  CANARIES.apiKey,
  CANARIES.card,
  CANARIES.email,
  `Bearer ${CANARIES.bearer}`,
  `postgres://user:${CANARIES.password}@db.example.org/x?password=${CANARIES.password}`,
];
const ALL = PLANTS.join(' ');
const UNKNOWN_ID = '00000000-0000-4000-8000-000000000000';

/** Response to a request that contains a canary. */
export interface PlantedAnswer {
  readonly status: number;
  readonly body: string;
  /** Id of the trace of the request. */
  readonly traceId: string;
}

interface PlantedRequest {
  readonly path: string;
  readonly init: RequestInit;
}

/** Creates the requests that contain one canary. */
type Planter = (plant: string, key: string) => readonly PlantedRequest[];

/** Sends the requests that the planter creates for each canary in `plants`. */
export async function plantCanaries(
  { platform, key }: Pick<ObservedPlatform, 'platform' | 'key'>,
  planter: Planter,
  plants = PLANTS,
): Promise<readonly PlantedAnswer[]> {
  const answers: PlantedAnswer[] = [];
  for (const { path, init } of plants.flatMap((plant) => planter(plant, key))) {
    const answer = await fetch(`${platform.baseUrl}${path}`, { ...init, signal: AbortSignal.timeout(10_000) });
    // https://www.w3.org/TR/trace-context-2/#traceresponse-header
    const traceId = answer.headers.get('traceresponse')?.split('-')[1] ?? '';
    answers.push({ status: answer.status, body: await answer.text(), traceId });
  }
  return answers;
}

/** Requests to every public route with the canary in query, headers and body, and as key; and an answered prompt. */
export const plantEverywhere: Planter = (plant, key) => {
  const requests = PUBLIC_ROUTES.flatMap((route) => {
    const path = route.path.replaceAll(/\{\w+\}/g, UNKNOWN_ID);
    return [planted(route, path, plant, key), planted(route, path, plant, CANARIES.apiKey)];
  });
  const message = { role: 'user', content: ALL, name: ALL };
  return [...requests, chat({ model: 'plain-1', user: ALL, messages: [message] }, key)];
};

/** Requests with the canary in path parameters, in an unknown path and in model names. */
export const plantInNames: Planter = (plant, key) => {
  const encoded = encodeURIComponent(plant);
  const requests = PUBLIC_ROUTES.filter(({ path }) => path.includes('{')).map((route) =>
    planted(route, route.path.replaceAll(/\{\w+\}/g, encoded), plant, key),
  );
  const models = [plant, `openai/${plant}`].map((model) =>
    chat({ model, messages: [{ role: 'user', content: 'Is it?' }] }, key),
  );
  return [...requests, ...models, { path: `/nowhere/${encoded}?token=${encoded}`, init: {} }];
};

/** Prompts for a model whose provider includes key and prompt in its error. */
export const plantInProviderErrors: Planter = (plant, key) =>
  [false, true].map((stream) =>
    chat({ model: `openai/${REJECTED_MODEL}`, stream, messages: [{ role: 'user', content: plant }] }, key),
  );

function planted(route: Route, path: string, plant: string, key: string): PlantedRequest {
  const query = new URLSearchParams({ limit: plant, token: plant, signature: plant, expires: plant, path: plant });
  const body = JSON.stringify({ model: [plant], messages: plant, recipient: plant, name: [plant], scopes: [plant] });
  const init = { method: route.method, headers: headersOf(key, plant), ...(route.method === 'GET' ? {} : { body }) };
  return { path: `${path}?${query.toString()}`, init };
}

function chat(body: unknown, key: string): PlantedRequest {
  const init = { method: 'POST', headers: headersOf(key, ALL), body: JSON.stringify(body) };
  return { path: '/v1/chat/completions', init };
}

function headersOf(key: string, plant: string): Record<string, string> {
  return {
    authorization: `Bearer ${key}`,
    'content-type': 'application/json',
    cookie: `session=${plant}`,
    'user-agent': plant,
    referer: `https://example.org/${encodeURIComponent(plant)}`,
    'x-api-key': plant,
    'x-request-id': plant,
    'x-correlation-id': plant,
    baggage: `aion.tenant_id=${encodeURIComponent(plant)},user=${encodeURIComponent(plant)}`,
    'idempotency-key': plant,
    'last-event-id': plant,
  };
}

/** Contents of all destinations of telemetry as text. */
export interface Sinks {
  readonly logs: string;
  readonly spans: string;
  readonly metrics: string;
  readonly queue: string;
}

/** Lists the canaries that the texts contain, each with the text before it. */
export function findLeaks(texts: Readonly<Record<string, string>>): string[] {
  return Object.entries(texts).flatMap(([sink, text]) =>
    Object.entries(CANARIES).flatMap(([name, canary]) => {
      const at = Math.max(text.indexOf(canary), text.indexOf(encodeURIComponent(canary)));
      return at < 0 ? [] : [`${name} in ${sink}, after ${text.slice(Math.max(0, at - 80), at)}`];
    }),
  );
}

/** Reads the contents of all sinks. */
export async function readSinks(observed: ObservedPlatform, services: readonly string[]): Promise<Sinks> {
  const metrics = await Promise.all(
    Object.values(observed.platform.adminUrls).map((url) => fetchText(`${url}/metrics`)),
  );
  return {
    logs: Object.values(observed.logs()).join('\n'),
    spans: await readAllTraces(observed.jaeger.queryUrl, services),
    metrics: metrics.join('\n'),
    queue: await readQueue(observed.databaseUrl('aion_queue')),
  };
}

async function fetchText(url: string): Promise<string> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return answer.text();
}

/** Reads all rows of the queue tables, including completed jobs. */
async function readQueue(connectionString: string): Promise<string> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    const { rows } = await client.query<{ content: string }>(
      `SELECT schema_to_xml('bullmq', true, false, '')::text AS content`,
    );
    return rows[0]?.content ?? '';
  } finally {
    await client.end();
  }
}
