import { writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { parseArgs } from 'node:util';
import { parseBenchArguments, WrongArgumentError } from '../parse-bench-arguments.ts';
import { renderResults } from '../render-results.ts';
import { runDataBench } from './run-data-bench.ts';

/** `pnpm bench:data`: measures, prints a table, and with `--json` writes a file. A missed goal is no failure. */
const USAGE = `usage: pnpm bench:data [--json FILE] [--rounds N] [--generations N] [--quick]

Measures database-gateway on a PostgreSQL of its own, durable as it comes.
  --json FILE      writes the results as JSON
  --rounds N       interleaved rounds, 5 to 100, of which the median is taken (default 5)
  --generations N  loaded before anything is measured, 250 000 to 100 000 000 (default 10 000 000)
  --quick          one round with small counts: shows that it runs, its figures mean nothing
`;
const [MIN_GENERATIONS, MAX_GENERATIONS, GENERATIONS] = [250_000, 100_000_000, 10_000_000];
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    process.exitCode = 128 + constants.signals[signal];
    stopping.abort(new Error(`stopped by ${signal}`));
  });
}

try {
  const args = process.argv.slice(2);
  const at = args.indexOf('--generations');
  const given = at === -1 ? undefined : readGenerations(args.splice(at, 2));
  const { help, json, quick, rounds } = parseBenchArguments(args);
  if (help) {
    process.stdout.write(USAGE);
  } else {
    const startedAt = performance.now();
    const report = await runDataBench({
      rounds,
      generations: given ?? (quick ? MIN_GENERATIONS : GENERATIONS),
      inserts: quick ? 1_000 : 20_000,
      signal: stopping.signal,
      progress: (line) => {
        const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0);
        process.stderr.write(`${seconds.padStart(4)} s  ${line}\n`);
      },
    });
    process.stdout.write(`\n${renderResults(report)}`);
    if (json !== undefined) writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`);
    if (quick) process.stdout.write('A quick run: the figures mean nothing.\n');
  }
} catch (error) {
  process.exitCode ??= error instanceof WrongArgumentError ? 2 : 1;
  process.stderr.write(`bench:data: ${error instanceof Error ? error.message : String(error)}\n`);
}

function readGenerations(args: string[]): number {
  const { values } = parseArgs({ args: [...args], options: { generations: { type: 'string' } }, strict: false });
  const count = Number(values.generations);
  if (Number.isInteger(count) && count >= MIN_GENERATIONS && count <= MAX_GENERATIONS) return count;
  throw new WrongArgumentError(
    `--generations ${String(values.generations)} is not a whole number from ${MIN_GENERATIONS} to ${MAX_GENERATIONS}.`,
  );
}
