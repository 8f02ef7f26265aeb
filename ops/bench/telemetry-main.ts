import { runBenchMain } from './run-bench-main.ts';
import { runTelemetryBench } from './run-telemetry-bench.ts';

const USAGE = `usage: pnpm bench:telemetry [--json FILE] [--rounds N] [--quick]

Measures the cost of telemetry and of its references in the same run.
  --json FILE  writes the results as JSON
  --rounds N   interleaved rounds, 5 to 100, of which the median is taken (default 5)
  --quick      one round with tiny counts: shows that it runs, its figures mean nothing
`;
/** Divides all counts of a quick run. */
const QUICK_DIVISOR = 20;

await runBenchMain({
  name: 'bench:telemetry',
  usage: USAGE,
  run: ({ rounds, quick }, context) => runTelemetryBench({ ...context, rounds, divisor: quick ? QUICK_DIVISOR : 1 }),
});
