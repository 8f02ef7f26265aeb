import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath, URL } from 'node:url';

const fromRoot = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Lanes, each with the names of its test files. Only the last two may start servers. */
const LANES = {
  unit: /(?<!\.(?:integration|e2e))\.test\.ts$/,
  integration: /\.integration\.test\.ts$/,
  e2e: /\.e2e\.test\.ts$/,
};

/** Options of a Jest run, as opposed to those of one of its projects. */
export const runOptions = {
  openHandlesTimeout: 2_000,
  // For what hangs, not for what is slow: processes start and end here next to other files. Jest takes it for all projects.
  testTimeout: 60_000,
  // A worker does not release all modules of the files that it has run: it is replaced before it fills the memory.
  workerIdleMemoryLimit: '1GB',
  testSequencer: fromRoot('./ops/checks/longest-first-sequencer.ts'),
  reporters: ['default', fromRoot('./ops/checks/results-reporter.ts')],
};

/** Options of all projects: TypeScript sources as ES modules, compiled by swc, no build step. */
const projectOptions = {
  cacheDirectory: fromRoot('./node_modules/.cache/jest'),
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2024' },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
};

const unitOptions = { testEnvironment: fromRoot('./ops/checks/unit-environment.mjs') };
const serverOptions = { testEnvironment: fromRoot('./ops/checks/server-environment.mjs') };

/**
 * Jest configuration of a package: one project for each lane of which it has test files, named `<package>:<lane>`.
 *
 * @param directory - The package's directory.
 * @param options - Jest options of its integration and end-to-end projects.
 * @param folders - Folders whose tests are projects of their own, named after the folder.
 */
export function definePackage(directory, options = {}, folders = []) {
  const files = listFiles(directory, ['node_modules', ...folders]);
  const lanes = Object.entries(LANES).filter(([, pattern]) => files.some((file) => pattern.test(file)));
  const projects = lanes.map(([lane, pattern]) => ({
    ...projectOptions,
    ...(lane === 'unit' ? unitOptions : { ...serverOptions, ...options }),
    displayName: `${basename(directory)}:${lane}`,
    rootDir: directory,
    testRegex: pattern.source,
    testPathIgnorePatterns: ['/node_modules/', ...folders.map((folder) => `<rootDir>/${folder}/`)],
  }));
  const own = folders.map((folder) => definePackage(`${directory}/${folder}`, options));
  return { ...runOptions, projects: [...projects, ...own.flatMap((each) => each.projects)] };
}

/** Lists the files below a directory, without those of some of its folders. Symbolic links are not followed. */
function listFiles(directory, excluded) {
  return readdirSync(directory, { withFileTypes: true })
    .filter(({ name }) => !excluded.includes(name))
    .flatMap((entry) => (entry.isDirectory() ? listFiles(join(directory, entry.name), []) : [entry.name]));
}
