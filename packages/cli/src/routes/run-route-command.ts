import type { Command } from 'commander';
import type { ApiClient, ApiRequest } from '../api/api-client.ts';
import { confirm } from '../output/confirm.ts';
import { checkInput, fillPathFromArgs } from './check-input.ts';
import { connect, note } from './connect.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { printAnswer, toAnswer } from './print-answer.ts';
import { printList } from './print-list.ts';
import type { RouteCommand } from './route-command.ts';
import { readBodyFile } from './read-body-file.ts';
import { readFlags } from './read-flags.ts';
import { runAction } from './run-action.ts';
import type { SchemaFlag } from './schema-flags.ts';

/** Flags of a command that are derived from its contract. */
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

/** Executes a command: checks its input, asks for confirmation, sends the request, prints the answer. */
export async function runRouteCommand(command: Command, spec: RouteCommand, flags: RouteFlags): Promise<void> {
  await runAction(command, async () => {
    const options = command.opts<RouteOptions>();
    const request = await createRequest(command, spec, flags);
    const client = await connect(options, spec.route);
    const effect = options.yes === true ? undefined : await describeEffect(spec, client, request);
    if (effect !== undefined) {
      await confirm(`${effect} ${command.args.join(' ')}`.trimEnd(), { input: process.stdin, output: process.stderr });
    }
    const output = { isJson: options.json === true, write: (text: string) => void process.stdout.write(text), note };
    if (spec.columns === undefined) {
      const answer = toAnswer(await client.request(request));
      const isFollowed = options.wait === true && spec.wait !== undefined;
      printAnswer(spec, isFollowed ? { body: await spec.wait.follow(client, answer.body) } : answer, output);
    } else {
      const { columns, total } = spec;
      await printList({ client, request, columns, total, isAll: options.all === true, output });
    }
  });
}

async function describeEffect({ confirmation }: RouteCommand, client: ApiClient, request: ApiRequest) {
  return typeof confirmation === 'function' ? confirmation(client, request.json) : confirmation;
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
