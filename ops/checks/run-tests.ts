import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { startTestPostgres } from '@aion/testkit';
import pc from 'picocolors';
import { toolsBin, toolVersions } from '../tools/index.ts';
import { runStep, type StepResult } from './run-step.ts';
import { describeFailures, describeSkipped, readCounts, readSkipped } from './test-summary.ts';

/** `pnpm test`: the static checks, then every test on one PostgreSQL, then a summary. Exit status 0 only when all is green. */
const scratch = mkdtempSync(join(tmpdir(), 'aion-tests-'));
const skippedLog = join(scratch, 'skipped.ndjson');
const results = join(scratch, 'results');
const steps: StepResult[] = [];

steps.push(await runStep('Types', ['pnpm', 'typecheck']));
steps.push(await runStep('Lint, format, layers', ['pnpm', 'lint']));
steps.push(await runStep('Generated files', ['pnpm', 'generate', '--check']));

const [model] = await toolVersions(['smollm2']);
const postgres = await startTestPostgres();
try {
  const env = {
    ...process.env,
    PATH: [toolsBin(process.env), process.env['PATH']].join(delimiter),
    AION_TEST_POSTGRES_URL: postgres.url,
    AION_TEST_RESULTS_DIR: results,
    AION_TEST_SKIPPED_LOG: skippedLog,
    ...(model === undefined ? {} : { AION_TEST_GGUF: model.path }),
    TURBO_TELEMETRY_DISABLED: '1',
    DO_NOT_TRACK: '1',
    // Jest's ES modules are behind a flag whose warning every worker would print.
    NODE_NO_WARNINGS: '1',
  };
  const turbo = [
    'turbo',
    'run',
    'test',
    '--concurrency=2',
    '--continue',
    '--log-order=grouped',
    '--no-update-notifier',
  ];
  steps.push(await runStep('Tests', ['pnpm', 'exec', ...turbo], env));
} finally {
  await postgres.stop();
}

const counts = readCounts(results);
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
