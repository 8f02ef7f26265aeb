import type { Command } from 'commander';
import type { ApiClient, ApiRequest } from '../api/api-client.ts';
import { confirm } from '../output/confirm.ts';
import { refuse } from '../refuse.ts';
import { connect, note } from './connect.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { printAnswer, toAnswer } from './print-answer.ts';
import { printList } from './print-list.ts';
import type { RouteCommand } from './route-command.ts';
import { checkInput, fillPathFromArgs, readBodyFile, readFlags } from './route-input.ts';
import type { SchemaFlag } from './schema-flags.ts';

/** The flags of a command that come from its contract. */
export interface RouteFlags {
  readonly query: readonly SchemaFlag[];
  readonly body: readonly SchemaFlag[];
}

interface RouteOptions extends ConnectionOptions {
  readonly body?: string;
  readonly all?: boolean;
  readonly idempotencyKey?: string;
  readonly ifMatch?: string;
  readonly yes?: boolean;
  readonly wait?: boolean;
}

/** Carries a command out: check, ask, send, print. */
export async function runRouteCommand(command: Command, spec: RouteCommand, flags: RouteFlags): Promise<void> {
  try {
    const options = command.opts<RouteOptions>();
    const request = await createRequest(command, spec, flags);
    const client = await connect(options, spec.route);
    const warning = options.yes === true ? undefined : await warningOf(spec, client, request);
    if (warning !== undefined) {
      await confirm(`${warning} ${command.args.join(' ')}`.trimEnd(), { input: process.stdin, output: process.stderr });
    }
    const output = { isJson: options.json === true, write: (text: string) => void process.stdout.write(text), note };
    if (spec.columns === undefined) {
      const answer = toAnswer(await client.ask(request));
      const isFollowed = options.wait === true && spec.wait !== undefined;
      printAnswer(spec, isFollowed ? { body: await spec.wait.follow(client, answer.body) } : answer, output);
    } else {
      const { columns, total } = spec;
      await printList({ client, request, columns, total, isAll: options.all === true, output });
    }
  } catch (error) {
    refuse(command, error);
  }
}

async function warningOf({ destroys }: RouteCommand, client: ApiClient, request: ApiRequest) {
  return typeof destroys === 'function' ? destroys(client, request.json) : destroys;
}

async function createRequest(command: Command, { route }: RouteCommand, flags: RouteFlags): Promise<ApiRequest> {
  const options = command.opts<RouteOptions>();
  const path = fillPathFromArgs(route, command.args);
  const query = readFlags(flags.query, command.opts());
  checkInput(route.query, query, flags.query);
  const json = route.body && { ...(await readBodyFile(options.body)), ...readFlags(flags.body, command.opts()) };
  checkInput(route.body, json, flags.body);
  const { idempotencyKey, ifMatch } = options;
  return {
    method: route.method,
    path,
    query,
    ...(json === undefined ? {} : { json }),
    headers: {
      ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
      ...(ifMatch === undefined ? {} : { 'if-match': /^\d+$/.test(ifMatch) ? `"${ifMatch}"` : ifMatch }),
    },
  };
}
