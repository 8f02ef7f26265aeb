import { PUBLIC_ROUTES, type Route, routes } from '@aion/contracts';
import { createProgram } from '../create-program.ts';
import { createRouteCommand } from './create-route-command.ts';
import { toFieldSchema, type FieldSchema } from './field-schema.ts';
import { COMMAND_GROUPS, ROUTE_COMMANDS } from './route-commands.ts';
import { checkInput, fillPathFromArgs } from './check-input.ts';
import { readFlags } from './read-flags.ts';
import { createSchemaFlags } from './schema-flags.ts';

/** Routes of commands that do more than calling one route. */
const ROUTES_OF_CUSTOM_COMMANDS: readonly Route[] = [
  routes.exports.watch,
  routes.exports.createDownloadLinks,
  routes.files.upload,
  routes.files.downloadContent,
  routes.sealingKeys.rotate,
];

/** Management routes without a command, each with the reason. */
const WITHOUT_COMMAND: Readonly<Record<string, string>> = {
  downloadArchive: '`aion exports download` uses it by its signed URL',
  downloadFile: '`aion exports download` downloads the complete bundle',
  createApiKey: '`aion api-keys create --tenant ID` does the same',
};

const managementRoutes = PUBLIC_ROUTES.filter(({ path }) => path.startsWith('/api/v1/'));
const routesWithCommand = [...ROUTES_OF_CUSTOM_COMMANDS, ...ROUTE_COMMANDS.map(({ route }) => route)];

/** Lists the paths of all commands below one. */
function listCommands(command = createProgram(), words: readonly string[] = []): string[] {
  if (command.commands.length === 0) return [words.join(' ')];
  return command.commands.flatMap((child) => listCommands(child, [...words, child.name()]));
}

describe('the management API', () => {
  it('has a command for each route, or a reason why not', () => {
    const missing = managementRoutes.filter((route) => !routesWithCommand.includes(route)).map(({ name }) => name);
    expect(missing.toSorted()).toEqual(Object.keys(WITHOUT_COMMAND).toSorted());
  });

  it('contains every route that a command calls', () => {
    expect(routesWithCommand.filter((route) => !managementRoutes.includes(route))).toEqual([]);
    expect(new Set(routesWithCommand).size).toBe(routesWithCommand.length);
  });
});

describe('commands', () => {
  it('have unique names, in a group that has a description', () => {
    const words = ROUTE_COMMANDS.map((spec) => spec.words.join(' '));
    expect(new Set(words).size).toBe(words.length);
    expect(listCommands()).toEqual(expect.arrayContaining(words));
    const groups = new Set(ROUTE_COMMANDS.flatMap(({ words: [group, verb] }) => (verb === undefined ? [] : [group])));
    expect(new Set([...groups, 'keys'])).toEqual(new Set(Object.keys(COMMAND_GROUPS)));
  });

  it.each(ROUTE_COMMANDS.map((spec) => [spec.words.join(' '), spec] as const))(
    '%s has an example that matches its contract',
    (_name, spec) => {
      const args = (spec.example.match(/"[^"]*"|[^ ]+/g) ?? []).map((word) => word.replaceAll('"', ''));
      const end = args.findIndex((word) => word === '>' || word === '<');
      expect(args.slice(0, spec.words.length)).toEqual([...spec.words]);
      const command = createRouteCommand(spec)
        .action(() => undefined)
        .exitOverride();
      command.parse(args.slice(spec.words.length, end === -1 ? undefined : end), { from: 'user' });
      const { route } = spec;
      fillPathFromArgs(route, command.args);
      for (const schema of [route.query, route.body]) {
        if (schema === undefined || 'body' in command.opts()) continue;
        const flags = createSchemaFlags(schema, { isUpdate: route.method !== 'POST' });
        checkInput(schema, readFlags(flags, command.opts()), flags);
      }
    },
  );

  it.each(ROUTE_COMMANDS.map((spec) => [spec.words.join(' '), spec] as const))(
    '%s prints fields that its contract contains',
    (_name, { route, columns, secret }) => {
      const isList = listFields(route).includes('data');
      expect(isList).toBe(columns !== undefined);
      for (const column of columns ?? []) expect(listFields(route, true)).toContain(column);
      if (secret !== undefined) expect(listFields(route)).toContain(secret);
    },
  );

  it.each(
    ROUTE_COMMANDS.filter(({ route }) => route.method === 'DELETE').map(
      (spec) => [spec.words.join(' '), spec] as const,
    ),
  )('%s asks for confirmation', (_name, spec) => {
    expect(spec.confirmation).toMatch(/\w/);
  });
});

/** Lists the fields of an answer, or of the items of a list; nested fields have a path as their name. */
function listFields({ response }: Route, ofItems = false): string[] {
  if (response.json === undefined) return [];
  const schema = toFieldSchema(response.json, 'output');
  return listPaths(ofItems ? (schema.properties?.['data']?.items ?? {}) : schema);
}

function listPaths(schema: FieldSchema): string[] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => [
    name,
    ...listPaths(inner).map((path) => `${name}.${path}`),
  ]);
  return [...own, ...(schema.anyOf ?? []).flatMap(listPaths)];
}
