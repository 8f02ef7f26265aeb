import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pc from 'picocolors';
import { toolVersions } from '../tools/index.ts';
import { runStep, type StepResult } from './run-step.ts';
import { describeFailures, describeSkipped, readTestResults, readSkipped } from './test-results.ts';

/**
 * `pnpm test`: every test, with the static checks alongside, then a summary. Exit status 0 only when all is green.
 * `--all` includes the tests that are left out while nothing in `ops` changed.
 */
const scratch = mkdtempSync(join(tmpdir(), 'aion-tests-'));
const skippedLog = join(scratch, 'skipped.ndjson');
const results = join(scratch, 'results');
const env = {
  ...process.env,
  AION_TEST_RESULTS_DIR: results,
  AION_TEST_SKIPPED_LOG: skippedLog,
  TURBO_TELEMETRY_DISABLED: '1',
  DO_NOT_TRACK: '1',
  ...(process.stdout.isTTY && pc.isColorSupported ? { FORCE_COLOR: '1' } : {}),
};
const turbo = ['turbo', 'run', 'test', '--log-prefix=none', '--no-update-notifier', '--', ...process.argv.slice(2)];
const steps = (await Promise.all([runStaticChecks(), runStep('Tests', ['pnpm', 'exec', ...turbo], { env })])).flat();

const counts = readTestResults(results);
const total = (key: 'passed' | 'failed' | 'skipped'): number => counts.reduce((sum, each) => sum + each[key], 0);
const skipped = readSkipped(skippedLog);
const write = (line = ''): boolean => process.stdout.write(`${line}\n`);
write(`\n${pc.bold('Summary')}`);
for (const { name, passed, failed } of counts) {
  write(
    `  ${failed === 0 ? pc.green('pass') : pc.red('FAIL')}  ${name.padEnd(18)} ${String(passed).padStart(4)} tests`,
  );
}
for (const { title, ok, seconds } of steps) {
  write(`  ${ok ? pc.green('pass') : pc.red('FAIL')}  ${title.padEnd(24)} ${seconds.toFixed(0)} s`);
}
write('  Ran against:');
for (const tool of await toolVersions([])) write(`    ${tool.name} ${tool.version}`);
for (const line of describeSkipped(skipped)) write(pc.yellow(line));
rmSync(scratch, { recursive: true, force: true });

const green = steps.every((step) => step.ok) && total('failed') === 0 && total('passed') > 0;
const failures = describeFailures(counts);
if (failures.length > 0) write(pc.red('Failed:'));
for (const line of failures) write(`  ${line}`);
write(green ? pc.green('All green.') : pc.red('Not green: see the failures above.'));
write(
  `${total('passed')} passed, ${total('failed')} failed${total('skipped') === 0 ? '' : `, ${total('skipped')} skipped`}`,
);
process.exitCode = green ? 0 : 1;

/** Runs the static checks one after the other, so that they take one core and leave the others to the tests. */
async function runStaticChecks(): Promise<StepResult[]> {
  const steps: StepResult[] = [];
  steps.push(await runStep('Types', ['pnpm', 'typecheck'], { inBackground: true }));
  steps.push(await runStep('Lint, format, layers', ['pnpm', 'lint'], { inBackground: true }));
  steps.push(await runStep('Generated files', ['pnpm', 'generate', '--check'], { inBackground: true }));
  return steps;
}
