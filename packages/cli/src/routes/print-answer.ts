import type { WholeAnswer } from '../api/api-client.ts';
import { formatRecord } from '../output/format-table.ts';
import type { RouteCommand } from './route-command.ts';

/** Where a command's output goes. */
export interface Output {
  readonly isJson: boolean;
  readonly write: (text: string) => void;
  /** A line for the person, beside the output. */
  readonly note: (line: string) => void;
}

/** What the API has answered. */
export interface Answer {
  /** Undefined when there is nothing to say. */
  readonly body: unknown;
  readonly etag?: string | undefined;
  readonly isReplayed?: boolean;
}

/** What of an answer is printed. */
export function toAnswer({ body, headers }: WholeAnswer): Answer {
  return {
    body,
    etag: headers.get('etag') ?? undefined,
    isReplayed: headers.get('idempotent-replayed') === 'true',
  };
}

/** Prints one thing that the API has answered with. */
export function printAnswer({ secret }: Pick<RouteCommand, 'secret'>, answer: Answer, output: Output): void {
  const { body, etag, isReplayed } = answer;
  const { isJson, write, note } = output;
  if (isReplayed === true) note('note: it was done before, with the same idempotency key');
  if (body === undefined) return note('Done.');
  if (isJson) return write(`${JSON.stringify(body, undefined, 2)}\n`);
  if (secret !== undefined) return printSecret(body, secret, output);
  write(formatRecord(etag === undefined ? body : { ...body, etag }));
}

/** The secret alone goes to standard output, so that `KEY=$(aion ...)` has it; what it is of goes to the person. */
function printSecret(body: unknown, field: string, { write, note }: Output): void {
  const { [field]: secret, ...rest }: Readonly<Record<string, unknown>> = { ...(typeof body === 'object' ? body : {}) };
  note(formatRecord(rest).trimEnd());
  note(`Keep the ${field}: it is shown this once, and only its hash is stored.`);
  write(`${String(secret)}\n`);
}
