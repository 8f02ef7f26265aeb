import { parseArgs } from 'node:util';

/** The command line of a benchmark. */
export interface BenchArguments {
  readonly rounds: number;
  /** Counts so small that the figures mean nothing: proves that the benchmark runs. */
  readonly quick: boolean;
  /** Where the report goes as JSON. */
  readonly json: string | undefined;
  readonly help: boolean;
}

/** A wrong command line; the message says what is right. */
export class WrongArgumentError extends Error {}

/** What `--help` prints. */
export const USAGE = `usage: pnpm bench:telemetry [--json FILE] [--rounds N] [--quick]

Measures what telemetry costs, beside its references in the same run.
  --json FILE  writes the results as JSON
  --rounds N   interleaved rounds, 5 to 100, of which the median is taken (default 5)
  --quick      one round with tiny counts: shows that it runs, its figures mean nothing
`;

const DEFAULT_ROUNDS = 5;

/** Parses the arguments after the script's name. @throws WrongArgumentError */
export function parseBenchArguments(args: string[]): BenchArguments {
  const { json, quick, help, rounds } = read(args);
  if (rounds === undefined) return { json, quick, help, rounds: quick ? 1 : DEFAULT_ROUNDS };
  const count = Number(rounds);
  if (quick) throw new WrongArgumentError('--quick is one round: leave --rounds out.');
  if (!Number.isInteger(count) || count < 5 || count > 100) {
    throw new WrongArgumentError(`--rounds ${rounds} is not a whole number from 5 to 100.`);
  }
  return { json, quick, help, rounds: count };
}

function read(args: string[]): { json: string | undefined; rounds: string | undefined; quick: boolean; help: boolean } {
  const flag = { type: 'boolean', default: false } as const;
  const text = { type: 'string' } as const;
  try {
    const { values } = parseArgs({ args, options: { json: text, rounds: text, quick: flag, help: flag } });
    return { json: values.json, rounds: values.rounds, quick: values.quick, help: values.help };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new WrongArgumentError(`${reason}\n\n${USAGE}`, { cause: error });
  }
}
