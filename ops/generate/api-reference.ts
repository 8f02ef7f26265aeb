import {
  descriptionOf,
  PUBLIC_ROUTES,
  ROLES,
  rolesWith,
  SCOPES,
  takesIdempotencyKey,
  type Route,
} from '@aion/contracts';

/** Creates the API reference in Markdown from the contracts. */
export function createApiReference(): string {
  const sections = PUBLIC_ROUTES.map(describeRoute);
  return [
    '# API reference',
    '',
    'Generated from `packages/contracts` by `pnpm generate`; the machine-readable form is `docs/openapi.json`, which the',
    "running platform serves at `/openapi.json`. Errors have OpenAI's shape under `/v1` and are problem details (RFC 9457)",
    'under `/api`. Every response has the headers `x-request-id`, `x-correlation-id` and `traceresponse`.',
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

/** Rules of every route of the management API. */
const MANAGEMENT = [
  '## Authorization',
  '',
  "A request has the header `Authorization: Bearer <key>` with a tenant's key (`aion_sk_...`) or an operator's",
  '(`aion_op_...`). The scopes of a key limit what it may do. The key of a person (`user_id`) is also limited by the role of',
  'the person in the tenant, and stops working when the person leaves. An operator acts for the tenant in the header',
  '`x-aion-tenant`. `aion init` creates the first operator with the one-time secret `AION_INIT_SECRET`; there is no default',
  'password.',
  '',
  '## Common behaviour of routes under `/api/v1`',
  '',
  '- **Lists** are paginated: `limit`, and `cursor` with the `next_cursor` of the preceding page. Pagination is by key: pages',
  '  do not shift while items are added.',
  '- **`Idempotency-Key`** on a POST: a request repeated within a day with the same body has no further effect and gets the',
  '  same response, marked `idempotent-replayed: true`; a secret that is shown once is shown again. With another body it is',
  '  rejected (422). Concurrent requests have one effect.',
  '- **`ETag` and `If-Match`**: the response of an editable resource has an `ETag`; a change with `If-Match` is rejected (412)',
  '  when the resource has changed since. Without the header the change applies to the current version.',
  '- **Errors** are problem details: `code` is stable, `errors` has a JSON Pointer for each invalid field, `request_id`',
  '  identifies the request in logs and traces. 429 and 503 have the header `Retry-After`.',
  '- Every response of a deprecated route has the headers `Deprecation` (RFC 9745), `Sunset` (RFC 8594) and `Link`.',
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
    `Responds with ${response.status} as ${types.filter(Boolean).join(' or ')}: ${response.description}`,
    ...headersOf(route),
    ...(route.errors.length === 0
      ? []
      : ['', `Possible errors: ${route.errors.map((code) => `\`${code}\``).join(', ')}.`]),
    '',
  ].join('\n');
}

function headersOf(route: Route): string[] {
  const headers = [
    ...(takesIdempotencyKey(route) ? ['accepts `Idempotency-Key`'] : []),
    ...(route.conditional === true ? ['accepts `If-Match`'] : []),
    ...(route.response.etag === true ? ['returns an `ETag`'] : []),
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
