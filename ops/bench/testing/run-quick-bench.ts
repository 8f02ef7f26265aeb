import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProcess } from '@aion/testkit';
import type { BenchReport } from '../bench-result.ts';

/** Runs the main file of a benchmark with `--quick`; returns its report and everything that it printed. */
export async function runQuickBench(main: string): Promise<{ report: BenchReport; output: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'aion-bench-'));
  const json = join(folder, 'report.json');
  const bench = await startProcess({ args: [main, '--quick', '--json', json] });
  try {
    const exit = await bench.exited;
    expect({ ...exit, output: bench.output() }).toMatchObject({ code: 0 });
    // The benchmark has just written it.
    const report = JSON.parse(readFileSync(json, 'utf8')) as BenchReport;
    return { report, output: bench.output() };
  } finally {
    await bench.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
