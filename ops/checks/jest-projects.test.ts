import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

interface Project {
  readonly displayName: string;
  readonly rootDir: string;
  readonly testRegex: string;
  readonly testPathIgnorePatterns: readonly string[];
  readonly testEnvironment: string;
  readonly globalSetup?: string;
}

const root = resolve(import.meta.dirname, '../..');
const { default: config }: { default: { projects: readonly Project[] } } = await import(join(root, 'jest.config.mjs'));
const { projects } = config;
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.test.ts'], {
  cwd: root,
})
  .toString()
  .split('\n')
  .filter((path) => path !== '' && existsSync(join(root, path)));

/** Names of the projects that run a test file. */
const projectsOf = (file: string): string[] =>
  projects
    .filter(({ rootDir, testRegex, testPathIgnorePatterns }) => {
      const isIgnored = testPathIgnorePatterns.some((pattern) =>
        join(root, file).includes(pattern.replace('<rootDir>', rootDir)),
      );
      return !relative(rootDir, join(root, file)).startsWith('..') && new RegExp(testRegex).test(file) && !isIgnored;
    })
    .map(({ displayName }) => displayName);

describe('Jest projects', () => {
  it('run every test file of the repository in exactly one lane, which its name states', () => {
    const lanes = files.map((file) => [file, projectsOf(file).map((name) => name.split(':')[1])]);
    const expected = files.map((file) => [file, [/\.(integration|e2e)\.test\.ts$/.exec(file)?.[1] ?? 'unit']]);
    expect(files.length).toBeGreaterThan(200);
    expect(lanes).toEqual(expected);
  });

  it('of unit and integration tests have a script in their package, which turbo runs', () => {
    const missing = files
      .filter((file) => !file.endsWith('.e2e.test.ts'))
      .map((file) => {
        const folder = file.startsWith('ops/') ? 'ops' : file.split('/').slice(0, 2).join('/');
        const script = file.endsWith('.integration.test.ts') ? 'test:integration' : 'test:unit';
        return { path: join(folder, 'package.json'), script };
      })
      .filter(({ path, script }) => !readFileSync(join(root, path), 'utf8').includes(`"${script}": `));
    expect(missing).toEqual([]);
  });

  it('have different names', () => {
    const names = projects.map(({ displayName }) => displayName);
    expect(new Set(names).size).toBe(names.length);
  });

  it('start no server for unit tests, and forbid them to start one', () => {
    const unit = projects.filter(({ displayName }) => displayName.endsWith(':unit'));
    expect(unit.length).toBeGreaterThan(15);
    for (const { globalSetup, testEnvironment } of unit) {
      expect(globalSetup).toBeUndefined();
      expect(testEnvironment).toBe(join(root, 'ops/checks/unit-environment.mjs'));
    }
  });
});
