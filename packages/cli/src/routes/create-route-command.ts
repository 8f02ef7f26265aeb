import { takesIdempotencyKey, type Route } from '@aion/contracts';
import { Argument, Command, Option } from 'commander';
import { addConnectionOptions } from './connection-options.ts';
import { toFieldSchema } from './field-schema.ts';
import type { RouteCommand } from './route-command.ts';
import { listPathParams } from './check-input.ts';
import { runRouteCommand, type RouteFlags } from './run-route-command.ts';
import { createSchemaFlags, type SchemaFlag } from './schema-flags.ts';

/** Creates a command from the contract of its route: arguments from the path, flags from query and body. */
export function createRouteCommand(spec: RouteCommand): Command {
  const { route } = spec;
  const flags: RouteFlags = {
    query: route.query === undefined ? [] : createSchemaFlags(route.query, { isUpdate: false }),
    body: route.body === undefined ? [] : createSchemaFlags(route.body, { isUpdate: route.method !== 'POST' }),
  };
  const command = new Command(spec.words[1] ?? spec.words[0])
    .summary(route.summary.replace(/^./, (letter) => letter.toLowerCase()))
    .description(route.description.replaceAll('`', ''));
  for (const name of listPathParams(route.path)) command.addArgument(new Argument(`<${name.replaceAll('_', '-')}>`));
  for (const option of [...flags.query, ...flags.body].flatMap(({ options }) => options)) command.addOption(option);
  for (const option of createRouteOptions(spec, flags.body)) command.addOption(option);
  addConnectionOptions(command, route.auth.kind);
  return command
    .addHelpText('after', `\nExample:\n  $ aion ${spec.example}`)
    .action(() => runRouteCommand(command, spec, flags));
}

/** Reports whether a route returns its list in pages. */
function isPaged({ query }: Route): boolean {
  return query !== undefined && 'cursor' in (toFieldSchema(query, 'input').properties ?? {});
}

/** Creates the options that depend on properties of the route, such as `--if-match` for a conditional change. */
function createRouteOptions(
  { route, columns, confirmation, wait }: RouteCommand,
  bodyFlags: readonly SchemaFlag[],
): Option[] {
  const fields = route.body === undefined ? {} : (toFieldSchema(route.body, 'input').properties ?? {});
  const hasMore = Object.keys(fields).some((field) => !bodyFlags.some((flag) => flag.field === field));
  const bodyFields = hasMore ? `: ${Object.keys(fields).join(', ')}` : '';
  return [
    ...(route.body === undefined
      ? []
      : [new Option('--body <file>', `fields as a JSON object, - for standard input; flags override it${bodyFields}`)]),
    ...(columns === undefined || !isPaged(route) ? [] : [new Option('--all', 'read every page instead of one')]),
    ...(takesIdempotencyKey(route)
      ? [new Option('--idempotency-key <key>', 'key of an earlier request, to repeat it without a second effect')]
      : []),
    ...(route.conditional === true
      ? [new Option('--if-match <etag>', 'change it only if this is its current version, as `get` shows it')]
      : []),
    ...(wait === undefined ? [] : [new Option('--wait', wait.description)]),
    ...(confirmation === undefined ? [] : [new Option('--yes', 'do not ask for confirmation')]),
  ];
}
