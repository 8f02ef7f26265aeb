import { writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { parseBenchArguments, USAGE, WrongArgumentError } from './parse-bench-arguments.ts';
import { renderResults } from './render-results.ts';
import { runTelemetryBench } from './run-telemetry-bench.ts';

/** `pnpm bench:telemetry`: measures, prints a table, and with `--json` writes a file. A missed goal is no failure. */
const QUICK_DIVISOR = 20;
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    process.exitCode = 128 + constants.signals[signal];
    stopping.abort(new Error(`stopped by ${signal}`));
  });
}

try {
  const { help, json, quick, rounds } = parseBenchArguments(process.argv.slice(2));
  if (help) {
    process.stdout.write(USAGE);
  } else {
    const startedAt = performance.now();
    const report = await runTelemetryBench({
      rounds,
      divisor: quick ? QUICK_DIVISOR : 1,
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
  process.stderr.write(`bench:telemetry: ${error instanceof Error ? error.message : String(error)}\n`);
}
