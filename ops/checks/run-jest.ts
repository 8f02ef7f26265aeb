import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { toolsBin, toolVersions } from '../tools/index.ts';
import { listChangedFiles } from './list-changed-files.ts';
import { listOmittedProjects } from './list-omitted-projects.ts';
import { readFileSystems, selectTempDirectory } from './select-temp-directory.ts';

/**
 * Runs Jest on the package in the working directory, or on all packages from the root; arguments are Jest's, and:
 *
 * `--lane NAME` runs the unit, integration or e2e projects only. `--all-packages` is the run of `pnpm test`: from the
 * root, without the projects of `ops` alone while nothing in `ops` changed, unless `--all` is given.
 */
const LANES: readonly string[] = ['unit', 'integration', 'e2e'];
const root = resolve(import.meta.dirname, '../..');
const args = process.argv.slice(2);
const takeFlag = (flag: string): boolean => {
  const at = args.indexOf(flag);
  if (at !== -1) args.splice(at, 1);
  return at !== -1;
};
const takeValue = (flag: string): string | undefined => {
  const at = args.indexOf(flag);
  return at === -1 ? undefined : args.splice(at, 2)[1];
};

const isCompleteRun = takeFlag('--all-packages');
const all = takeFlag('--all');
const lane = takeValue('--lane');
const cwd = isCompleteRun ? root : process.cwd();
const selection: string[] = [];
if (lane !== undefined) {
  if (!LANES.includes(lane)) throw new Error(`--lane is "${lane}": use one of ${LANES.join(', ')}`);
  const projects = await projectsOf(lane);
  if (projects.length === 0) {
    process.stdout.write(`No ${lane} tests are in ${cwd}.\n`);
    process.exit();
  }
  selection.push('--selectProjects', ...projects);
}
if (isCompleteRun) {
  const isCi = process.env['CI'] === 'true';
  const omitted = listOmittedProjects({ changedFiles: listChangedFiles(root), isCi, all });
  if (omitted.length > 0) selection.push('--ignoreProjects', ...omitted);
  for (const project of omitted) reportOmitted(project);
}

const [model] = await toolVersions(['smollm2']);
// Turbo runs several packages at a time, each with one worker; a run of all packages has one pool. It has more workers than
// the machine has cores, because most tests wait for processes and timers for a part of their time.
const isOneOfMany = process.env['TURBO_HASH'] !== undefined && !isCompleteRun;
const workers = process.env['AION_TEST_WORKERS'] ?? String(isOneOfMany ? 1 : availableParallelism() + 1);
const hasOwnWorkers = args.some((arg) => /^(-i|--runInBand|-w|--maxWorkers)\b/.test(arg));
if (!hasOwnWorkers) selection.push(`--maxWorkers=${workers}`);
const tempDirectory = selectTempDirectory(process.env, readFileSystems());
const program = join(root, 'node_modules/jest/bin/jest.js');
const jest = spawn(process.execPath, [program, ...selection, ...args], {
  cwd,
  stdio: 'inherit',
  env: {
    // Programs that tests start load their modules from this cache instead of compiling them again.
    NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/node'),
    ...process.env,
    NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --experimental-vm-modules`.trim(),
    // Jest's ES modules are behind a flag whose warning every worker would print.
    NODE_NO_WARNINGS: '1',
    PATH: [toolsBin(process.env), process.env['PATH']].join(delimiter),
    ...(tempDirectory === undefined ? {} : { TMPDIR: tempDirectory }),
    ...(model === undefined ? {} : { AION_TEST_GGUF: model.path }),
  },
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void jest.kill(signal));
jest.once('close', (code) => (process.exitCode = code ?? 1));

/** Names of the projects of a lane in the configuration of the working directory. */
async function projectsOf(name: string): Promise<string[]> {
  // Every jest.config.mjs is made by definePackage of jest.preset.mjs.
  const module = (await import(pathToFileURL(join(cwd, 'jest.config.mjs')).href)) as {
    default: { projects: { displayName: string }[] };
  };
  const names = module.default.projects.map(({ displayName }) => displayName);
  return names.filter((displayName) => displayName.endsWith(`:${name}`));
}

function reportOmitted(project: string): void {
  const log = process.env['AION_TEST_SKIPPED_LOG'];
  if (log !== undefined) appendFileSync(log, `${JSON.stringify({ suite: project, unchanged: 'ops' })}\n`);
}
