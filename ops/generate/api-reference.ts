import { PUBLIC_ROUTES, rolesWith, type Route } from '@aion/contracts';

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
    '| route | needs |',
    '| --- | --- |',
    ...PUBLIC_ROUTES.map((route) => `| [\`${route.method} ${route.path}\`](#${anchorOf(route)}) | ${needs(route)} |`),
    '',
    ...sections,
  ].join('\n');
}

function describeRoute(route: Route): string {
  const { response } = route;
  const types = [...(response.json === undefined ? [] : ['application/json']), ...(response.stream ?? '').split(' ')];
  return [
    `## ${route.summary}`,
    '',
    `\`${route.method} ${route.path}\` (operation \`${route.name}\`). Needs ${needs(route)}.`,
    '',
    route.description,
    '',
    `Answers ${response.status} as ${types.filter(Boolean).join(' or ')}: ${response.description}`,
    ...(route.errors.length === 0
      ? []
      : ['', `Errors to expect: ${route.errors.map((code) => `\`${code}\``).join(', ')}.`]),
    '',
  ].join('\n');
}

function needs(route: Route): string {
  switch (route.auth.kind) {
    case 'key':
      return `a key with the scope \`${route.auth.scope}\``;
    case 'tenant':
      return `a key with the scope \`${route.auth.scope}\` (role ${rolesWith(route.auth.scope).join(', ')}), or the operator's`;
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
