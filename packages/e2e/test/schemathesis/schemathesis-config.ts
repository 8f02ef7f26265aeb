import { takesIdempotencyKey, type Route } from '@aion/contracts';
import { z } from 'zod';

/** Options of {@link createSchemathesisConfig}. */
export interface SchemathesisConfigOptions {
  readonly routes: readonly Route[];
  /** Returns the headers of a caller with access to the route. */
  readonly headersOf: (route: Route) => Promise<Readonly<Record<string, string>>>;
  /** Values of path parameters, so that the run does not revoke its own key. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** Default statuses that Schemathesis accepts for valid data. */
const ACCEPTED = ['2xx', '3xx', '401', '403', '404', '409', '429', '5xx'];

/** Fields with rules that a schema cannot express, with examples: valid data may be rejected because of them. */
const INEXPRESSIBLE: Readonly<Record<string, string>> = {
  cursor: 'a value that no page has returned',
  api_key_id: 'a budget belongs to a key or to a project, not to both',
  expires_at: 'a time in the past',
  recipient: 'a wrong checksum',
  model: 'parameters that a provider validates',
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

/** Returns settings of the checks that do not apply to a route, with the reason. */
function checksOf(route: Route, { routes, parameters }: SchemathesisConfigOptions): string[] {
  const inexpressible = findInexpressible(route);
  const remaining = routes.some((other) => remains(other) && route.path.startsWith(other.path));
  return [
    ...(inexpressible === undefined
      ? []
      : [
          `# ${inexpressible}`,
          `checks.positive_data_acceptance.expected-statuses = ${JSON.stringify([...ACCEPTED, '400', '412', '422'])}`,
        ]),
    ...(isSet(route, parameters)
      ? [
          '# An invalid path counts as sent, although the parameter that is set here replaces it.',
          `checks.negative_data_rejection.expected-statuses = ${JSON.stringify(['2xx', '4xx'])}`,
        ]
      : []),
    ...(remaining ? ['# Revoked entities remain readable.', 'checks.use_after_free.enabled = false'] : []),
  ];
}

/** Reports whether all parameters of the route are set, so that no invalid one can be sent. */
function isSet(route: Route, parameters: SchemathesisConfigOptions['parameters']): boolean {
  const isOfPathAlone = route.query === undefined && route.body === undefined;
  return isOfPathAlone && Object.keys(parametersOf(route, parameters)).length > 0;
}

/** Reports whether the entity remains: a DELETE that returns the entity only revokes it. */
function remains({ method, response }: Route): boolean {
  return method === 'DELETE' && response.json !== undefined;
}

function findInexpressible(route: Route): string | undefined {
  const { query, body, conditional } = route;
  const fields = [query, body].flatMap((schema) => (schema instanceof z.ZodObject ? Object.keys(schema.shape) : []));
  const reasons = fields.flatMap((field) =>
    INEXPRESSIBLE[field] === undefined ? [] : [`${field}: ${INEXPRESSIBLE[field]}`],
  );
  if (conditional === true) reasons.push('if-match: a version that is not the current one');
  if (takesIdempotencyKey(route)) reasons.push('idempotency-key: a key of an earlier, different request');
  return reasons.length === 0 ? undefined : reasons.join(', ');
}

function parametersOf({ path }: Route, values: Readonly<Record<string, string>>): Record<string, string> {
  const named = Object.entries(values).filter(([name]) => path.includes(`{${name}}`));
  return Object.fromEntries(named.map(([name, value]) => [`path.${name}`, value]));
}

/** Formats a TOML inline table; JSON strings are valid TOML strings. */
function toInlineTable(record: Readonly<Record<string, string>>): string {
  const entries = Object.entries(record).map(([key, value]) => `${JSON.stringify(key)} = ${JSON.stringify(value)}`);
  return `{ ${entries.join(', ')} }`;
}
