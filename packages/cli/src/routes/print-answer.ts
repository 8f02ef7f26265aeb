import type { ApiResponse } from '../api/api-client.ts';
import { formatRecord } from '../output/format-table.ts';
import type { RouteCommand } from './route-command.ts';

/** Output of a command. */
export interface Output {
  readonly isJson: boolean;
  readonly write: (text: string) => void;
  /** Prints a line for the user, separate from the output. */
  readonly note: (line: string) => void;
}

/** Answer of the API, as a command prints it. */
export interface Answer {
  /** Undefined when the answer is empty. */
  readonly body: unknown;
  readonly etag?: string | undefined;
  readonly isReplayed?: boolean;
}

/** Converts a response to the answer that is printed. */
export function toAnswer({ body, headers }: ApiResponse): Answer {
  return {
    body,
    etag: headers.get('etag') ?? undefined,
    isReplayed: headers.get('idempotent-replayed') === 'true',
  };
}

/** Prints an answer that is one object. */
export function printAnswer({ secret }: Pick<RouteCommand, 'secret'>, answer: Answer, output: Output): void {
  const { body, etag, isReplayed } = answer;
  const { isJson, write, note } = output;
  if (isReplayed === true) note('note: this was done before with the same idempotency key');
  if (body === undefined) return note('Done.');
  if (isJson) return write(`${JSON.stringify(body, undefined, 2)}\n`);
  if (secret !== undefined) return printSecret(body, secret, output);
  write(formatRecord(etag === undefined ? body : { ...body, etag }));
}

/** Prints only the secret to standard output, for `KEY=$(aion ...)`; the other fields go to standard error. */
function printSecret(body: unknown, field: string, { write, note }: Output): void {
  const { [field]: secret, ...rest }: Readonly<Record<string, unknown>> = { ...(typeof body === 'object' ? body : {}) };
  note(formatRecord(rest).trimEnd());
  note(`Store the ${field}: it is shown only once, and only its hash is stored.`);
  write(`${String(secret)}\n`);
}
