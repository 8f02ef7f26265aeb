import { takesIdempotencyKey, type Route } from '@aion/contracts';
import { z } from 'zod';

/** What Schemathesis is told beside the OpenAPI document. */
export interface SchemathesisConfigOptions {
  readonly routes: readonly Route[];
  /** The headers of somebody who may call a route. */
  readonly headersOf: (route: Route) => Promise<Readonly<Record<string, string>>>;
  /** Values for parameters of paths: a run that finds its own key in a list must not revoke it. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** Schemathesis' own list of what good data may be answered with. */
const ACCEPTED = ['2xx', '3xx', '401', '403', '404', '409', '429', '5xx'];

/** Fields of which a schema cannot say all that makes them good: with them, good data may be refused all the same. */
const UNSAYABLE: Readonly<Record<string, string>> = {
  cursor: 'one that no page has given',
  api_key_id: 'beside a project, of which a budget is as well',
  expires_at: 'an instant that has passed',
  recipient: 'a wrong checksum',
  model: 'parameters that a provider judges',
};

/** Writes `schemathesis.toml`. https://schemathesis.readthedocs.io/en/stable/reference/configuration/ */
export async function createSchemathesisConfig(options: SchemathesisConfigOptions): Promise<string> {
  const { routes, headersOf, parameters } = options;
  const sections = await Promise.all(
    routes.map(async (route) => {
      return [
        '[[operations]]',
        `include-operation-id = ${JSON.stringify(route.name)}`,
        `headers = ${toInlineTable(await headersOf(route))}`,
        `parameters = ${toInlineTable(parametersOf(route, parameters))}`,
        ...checksOf(route, options),
      ].join('\n');
    }),
  );
  return `${sections.join('\n\n')}\n`;
}

/** The checks that are wrong for a route, with the reason. */
function checksOf(route: Route, { routes, parameters }: SchemathesisConfigOptions): string[] {
  const unsayable = unsayableOf(route);
  const remaining = routes.some((other) => remains(other) && route.path.startsWith(other.path));
  return [
    ...(unsayable === undefined
      ? []
      : [
          `# ${unsayable}`,
          `checks.positive_data_acceptance.expected-statuses = ${JSON.stringify([...ACCEPTED, '400', '412', '422'])}`,
        ]),
    ...(isSet(route, parameters)
      ? [
          '# A path that was made wrong counts as sent, although the one that is set here goes out in its place.',
          `checks.negative_data_rejection.expected-statuses = ${JSON.stringify(['2xx', '4xx'])}`,
        ]
      : []),
    ...(remaining ? ['# What is revoked remains, for the record.', 'checks.use_after_free.enabled = false'] : []),
  ];
}

/** All that a route takes is set here: nothing of it can be sent wrong. */
function isSet(route: Route, parameters: SchemathesisConfigOptions['parameters']): boolean {
  const isOfPathAlone = route.query === undefined && route.body === undefined;
  return isOfPathAlone && Object.keys(parametersOf(route, parameters)).length > 0;
}

/** A DELETE that answers with the thing ends its use, not its being. */
function remains({ method, response }: Route): boolean {
  return method === 'DELETE' && response.json !== undefined;
}

function unsayableOf(route: Route): string | undefined {
  const { query, body, conditional } = route;
  const fields = [query, body].flatMap((schema) => (schema instanceof z.ZodObject ? Object.keys(schema.shape) : []));
  const reasons = fields.flatMap((field) => (UNSAYABLE[field] === undefined ? [] : [`${field}: ${UNSAYABLE[field]}`]));
  if (conditional === true) reasons.push('if-match: a version that is not the current one');
  if (takesIdempotencyKey(route)) reasons.push('idempotency-key: one that came with another request before');
  return reasons.length === 0 ? undefined : reasons.join(', ');
}

function parametersOf({ path }: Route, values: Readonly<Record<string, string>>): Record<string, string> {
  const named = Object.entries(values).filter(([name]) => path.includes(`{${name}}`));
  return Object.fromEntries(named.map(([name, value]) => [`path.${name}`, value]));
}

/** Strings of JSON are strings of TOML. */
function toInlineTable(record: Readonly<Record<string, string>>): string {
  const entries = Object.entries(record).map(([key, value]) => `${JSON.stringify(key)} = ${JSON.stringify(value)}`);
  return `{ ${entries.join(', ')} }`;
}
