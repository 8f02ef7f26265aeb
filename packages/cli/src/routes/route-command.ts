import type { Route } from '@aion/contracts';
import type { ApiClient } from '../api/api-client.ts';

/** Describes the irreversible effect of a request; undefined when it has none. */
export type DescribeEffect = (client: ApiClient, body: unknown) => Promise<string | undefined>;

/** Command that calls one route of the management API. Its input and output follow from the route's contract. */
export interface RouteCommand {
  /** Group and verb such as `api-keys create`, or a single word. */
  readonly words: readonly [string, string?];
  readonly route: Route;
  /** Valid command line, without `aion`. */
  readonly example: string;
  /** Columns of a list's table: fields of an item, nested ones as a path (`progress.rows`). */
  readonly columns?: readonly string[];
  /** Field of the answer that is shown only once. Nothing else is printed to standard output. */
  readonly secret?: string;
  /** Field of a list's answer that contains the totals, printed as the last row of the table. */
  readonly total?: string;
  /** Irreversible effect, which the user has to confirm. The arguments of the command are appended to it. */
  readonly confirmation?: string | DescribeEffect;
  /** Work that continues after the answer, which `--wait` follows. */
  readonly wait?: {
    readonly description: string;
    /** Returns the result to print instead of the answer; sets the exit code when the work fails. */
    readonly follow: (client: ApiClient, answer: unknown) => Promise<unknown>;
  };
}
