import { globSync } from 'node:fs';
import { join } from 'node:path';
import { runOptions } from './jest.preset.mjs';

/** All packages in one run: one pool of workers, which takes the longest files of all packages first. */
const files = globSync(['{packages,services}/*/jest.config.mjs', 'ops/jest.config.mjs'], { cwd: import.meta.dirname });
const packages = await Promise.all(files.toSorted().map((file) => import(join(import.meta.dirname, file))));

export default { ...runOptions, projects: packages.flatMap((module) => module.default.projects) };
