import {
  descriptionOf,
  PUBLIC_ROUTES,
  ROLES,
  rolesWith,
  SCOPES,
  takesIdempotencyKey,
  type Route,
} from '@aion/contracts';

/** The API reference in Markdown, from the contracts. */
export function createApiReference(): string {
  const sections = PUBLIC_ROUTES.map(describeRoute);
  return [
    '# API reference',
    '',
    'Made from `packages/contracts` by `pnpm generate`; the machine-readable form is `docs/openapi.json`, which the running',
    "platform serves at `/openapi.json`. Errors have OpenAI's shape under `/v1` and are problem details (RFC 9457) under",
    '`/api`. Every answer carries `x-request-id`, `x-correlation-id` and `traceresponse`.',
    '',
    ...MANAGEMENT,
    '| scope | roles that may hold it |',
    '| --- | --- |',
    ...SCOPES.map((scope) => `| \`${scope}\` | ${namesOf(rolesWith(scope))} |`),
    '',
    '## Routes',
    '',
    '| route | needs |',
    '| --- | --- |',
    ...PUBLIC_ROUTES.map((route) => `| [\`${route.method} ${route.path}\`](#${anchorOf(route)}) | ${needs(route)} |`),
    '',
    ...sections,
  ].join('\n');
}

/** What holds for every route of the management API. */
const MANAGEMENT = [
  '## Who may what',
  '',
  "A request carries `Authorization: Bearer <key>`: a tenant's key (`aion_sk_...`) or an operator's (`aion_op_...`). A key",
  'may do what its scopes say. The key of a person (`user_id`) may do of that only what the role of the person in the tenant',
  'allows, and nothing once the person has left. An operator acts for the tenant that the header `x-aion-tenant` names.',
  '`aion init` creates the first operator, with the one-time secret `AION_INIT_SECRET`; there is no default password.',
  '',
  '## What every route under `/api/v1` does',
  '',
  '- **Lists** come in pages: `limit`, and `cursor` with the `next_cursor` of the page before. Pages are cut by key: they stay',
  '  where they are while items are added.',
  '- **`Idempotency-Key`** on a POST: sent again within a day with the same body, it has no further effect and gets the same',
  '  answer, marked `idempotent-replayed: true`; a secret that is shown once is shown again. With another body it is refused',
  '  (422). Requests that come at the same time have one effect.',
  '- **`ETag` and `If-Match`**: an answer about one thing that can be edited has an `ETag`; a change with `If-Match` is refused',
  '  (412) when it has changed since. Without the header the change applies to whatever is there.',
  '- **Errors** are problem details: `code` is stable, `errors` has a JSON Pointer for each wrong field, `request_id` finds the',
  '  request in logs and traces. 429 and 503 come with `Retry-After`.',
  '- A route that will go says so on every answer: `Deprecation` (RFC 9745), `Sunset` (RFC 8594), and a `Link`.',
  '',
];

function namesOf(roles: readonly string[]): string {
  return roles.length === ROLES.length ? 'all' : roles.join(', ');
}

function describeRoute(route: Route): string {
  const { response } = route;
  const types = [...(response.json === undefined ? [] : ['application/json']), ...(response.stream ?? '').split(' ')];
  return [
    `### ${route.summary}`,
    '',
    `\`${route.method} ${route.path}\` (operation \`${route.name}\`). Needs ${needs(route)}.`,
    '',
    descriptionOf(route),
    '',
    `Answers ${response.status} as ${types.filter(Boolean).join(' or ')}: ${response.description}`,
    ...headersOf(route),
    ...(route.errors.length === 0
      ? []
      : ['', `Errors to expect: ${route.errors.map((code) => `\`${code}\``).join(', ')}.`]),
    '',
  ].join('\n');
}

function headersOf(route: Route): string[] {
  const headers = [
    ...(takesIdempotencyKey(route) ? ['takes `Idempotency-Key`'] : []),
    ...(route.conditional === true ? ['takes `If-Match`'] : []),
    ...(route.response.etag === true ? ['gives an `ETag`'] : []),
  ];
  return headers.length === 0 ? [] : ['', `It ${headers.join(', ')}.`];
}

function needs(route: Route): string {
  switch (route.auth.kind) {
    case 'key':
      return `a key with the scope \`${route.auth.scope}\``;
    case 'tenant':
      return `a key with the scope \`${route.auth.scope}\`, or an operator's`;
    case 'operator':
      return "an operator's key";
    case 'init':
      return 'the one-time secret of the installation';
    case 'signed-url':
      return 'a signed URL';
    case 'service':
      return 'a service token';
    case 'none':
      return 'nothing';
  }
}

function anchorOf(route: Route): string {
  return route.summary.toLowerCase().replaceAll(' ', '-');
}
