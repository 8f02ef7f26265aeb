import { runBenchMain } from '../run-bench-main.ts';
import { runDataBench } from './run-data-bench.ts';

const USAGE = `usage: pnpm bench:data [--json FILE] [--rounds N] [--generations N] [--quick]

Measures database-gateway on its own PostgreSQL with default durability.
  --json FILE      writes the results as JSON
  --rounds N       interleaved rounds, 5 to 100, of which the median is taken (default 5)
  --generations N  loaded before anything is measured, 250 000 to 100 000 000 (default 10 000 000)
  --quick          one round with small counts: shows that it runs, its figures mean nothing
`;
const GENERATIONS = { min: 250_000, max: 100_000_000 };
const DEFAULT_GENERATIONS = 10_000_000;

await runBenchMain({
  name: 'bench:data',
  usage: USAGE,
  numbers: { generations: GENERATIONS },
  run: ({ rounds, quick, numbers }, context) =>
    runDataBench({
      ...context,
      rounds,
      generations: numbers['generations'] ?? (quick ? GENERATIONS.min : DEFAULT_GENERATIONS),
      inserts: quick ? 1_000 : 20_000,
    }),
});
