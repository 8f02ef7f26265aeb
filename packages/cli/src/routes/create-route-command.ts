import { takesIdempotencyKey, type Route } from '@aion/contracts';
import { Argument, Command, Option } from 'commander';
import { addConnectionOptions } from './connection-options.ts';
import { toFieldSchema } from './field-schema.ts';
import type { RouteCommand } from './route-command.ts';
import { pathParams } from './route-input.ts';
import { runRouteCommand, type RouteFlags } from './run-route-command.ts';
import { createSchemaFlags, type SchemaFlag } from './schema-flags.ts';

/** Makes a command from the contract of its route: arguments from the path, flags from query and body. */
export function createRouteCommand(spec: RouteCommand): Command {
  const { route } = spec;
  const flags: RouteFlags = {
    query: route.query === undefined ? [] : createSchemaFlags(route.query, { isChange: false }),
    body: route.body === undefined ? [] : createSchemaFlags(route.body, { isChange: route.method !== 'POST' }),
  };
  const command = new Command(spec.words[1] ?? spec.words[0])
    .summary(route.summary.replace(/^./, (letter) => letter.toLowerCase()))
    .description(route.description.replaceAll('`', ''));
  for (const name of pathParams(route.path)) command.addArgument(new Argument(`<${name.replaceAll('_', '-')}>`));
  for (const option of [...flags.query, ...flags.body].flatMap(({ options }) => options)) command.addOption(option);
  for (const option of ownOptions(spec, flags.body)) command.addOption(option);
  addConnectionOptions(command, route.auth.kind);
  return command
    .addHelpText('after', `\nExample:\n  $ aion ${spec.example}`)
    .action(() => runRouteCommand(command, spec, flags));
}

/** Whether what the route lists comes page by page. */
function isPaged({ query }: Route): boolean {
  return query !== undefined && 'cursor' in (toFieldSchema(query, 'input').properties ?? {});
}

/** Options that follow from what the route is. */
function ownOptions({ route, columns, destroys, wait }: RouteCommand, bodyFlags: readonly SchemaFlag[]): Option[] {
  const fields = route.body === undefined ? {} : (toFieldSchema(route.body, 'input').properties ?? {});
  const hasMore = Object.keys(fields).some((field) => !bodyFlags.some((flag) => flag.field === field));
  const inBody = hasMore ? `: ${Object.keys(fields).join(', ')}` : '';
  return [
    ...(route.body === undefined
      ? []
      : [
          new Option('--body <file>', `the fields as a JSON object, - for standard input; flags go before it${inBody}`),
        ]),
    ...(columns === undefined || !isPaged(route) ? [] : [new Option('--all', 'every page, not the first alone')]),
    ...(takesIdempotencyKey(route)
      ? [
          new Option(
            '--idempotency-key <key>',
            'repeats a request that was sent before with it, without doing it twice',
          ),
        ]
      : []),
    ...(route.conditional === true
      ? [new Option('--if-match <etag>', 'change it only when this is still its version, as `get` shows it')]
      : []),
    ...(wait === undefined ? [] : [new Option('--wait', wait.description)]),
    ...(destroys === undefined ? [] : [new Option('--yes', 'do it without asking')]),
  ];
}
