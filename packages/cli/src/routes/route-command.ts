import type { Route } from '@aion/contracts';
import type { ApiClient } from '../api/api-client.ts';

/** Looks whether what is about to be sent destroys something, and says what; undefined when it does not. */
export type Warning = (client: ApiClient, body: unknown) => Promise<string | undefined>;

/** A command that calls one route of the management API. What it takes and gives is the route's contract. */
export interface RouteCommand {
  /** `api-keys create`; a group and a verb, or one word alone. */
  readonly words: readonly [string, string?];
  readonly route: Route;
  /** A command line that works, without `aion`. */
  readonly example: string;
  /** The columns of a list's table: fields of an item, those of objects by path (`progress.rows`). */
  readonly columns?: readonly string[];
  /** The field of the answer that is shown once: it alone goes to standard output. */
  readonly secret?: string;
  /** The field of a list's answer that sums its items up, with which the table ends. */
  readonly total?: string;
  /** What cannot be undone, for people: it is asked about first. */
  readonly destroys?: string | Warning;
  /** Work that goes on after the answer, which `--wait` follows. */
  readonly wait?: {
    readonly description: string;
    /** Gives what is printed instead of the answer; sets the exit code when the work fails. */
    readonly follow: (client: ApiClient, answer: unknown) => Promise<unknown>;
  };
}
