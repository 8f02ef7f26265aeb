import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findProgram, requireProgram, startProcess } from '@aion/testkit';

const PROGRAM = 'aion-test-program';
const packageDir = fileURLToPath(new URL('..', import.meta.url));

let home: string;
let environment: NodeJS.ProcessEnv;

beforeEach(async () => {
  environment = { ...process.env };
  home = await mkdtemp(join(tmpdir(), 'aion-testkit-'));
  process.env['AION_TOOLS_DIR'] = join(home, 'tools');
  delete process.env['CI'];
});

afterEach(async () => {
  process.env = environment;
  await rm(home, { recursive: true, force: true });
});

async function putProgram(directory: string): Promise<string> {
  await mkdir(directory, { recursive: true });
  const path = join(directory, PROGRAM);
  await writeFile(path, '#!/bin/sh\n');
  await chmod(path, 0o755);
  return path;
}

/** Runs the suite of the fixture in a separate Jest process. */
async function runFixture(env: NodeJS.ProcessEnv) {
  const jest = await startProcess({
    args: [
      createRequire(import.meta.url).resolve('jest/bin/jest'),
      '--verbose',
      '--config',
      'test/fixtures/jest.config.mjs',
    ],
    env: { AION_TOOLS_DIR: join(home, 'tools'), NODE_OPTIONS: '--experimental-vm-modules', ...env },
    cwd: packageDir,
  });
  const { code } = await jest.exited;
  return { code, output: jest.output() };
}

describe('findProgram', () => {
  it('prefers a program on PATH to the tools cache', async () => {
    const cached = await putProgram(join(home, 'tools', 'bin'));
    expect(findProgram(PROGRAM)).toBe(cached);
    const onPath = await putProgram(join(home, 'elsewhere'));
    process.env['PATH'] = `${join(home, 'elsewhere')}:${process.env['PATH'] ?? ''}`;
    expect(findProgram(PROGRAM)).toBe(onPath);
  });

  it('uses XDG_CACHE_HOME when AION_TOOLS_DIR is not set', async () => {
    delete process.env['AION_TOOLS_DIR'];
    process.env['XDG_CACHE_HOME'] = join(home, 'cache');
    const path = await putProgram(join(home, 'cache', 'aion', 'tools', 'bin'));
    expect(findProgram(PROGRAM)).toBe(path);
  });

  it('ignores directories, files that are not executable and dangling links', async () => {
    const bin = join(home, 'tools', 'bin');
    await mkdir(join(bin, PROGRAM), { recursive: true });
    expect(findProgram(PROGRAM)).toBeUndefined();
    await rm(join(bin, PROGRAM), { recursive: true });
    await writeFile(join(bin, PROGRAM), '', { mode: 0o644 });
    expect(findProgram(PROGRAM)).toBeUndefined();
    await rm(join(bin, PROGRAM));
    await symlink(join(home, 'gone'), join(bin, PROGRAM));
    expect(findProgram(PROGRAM)).toBeUndefined();
  });
});

describe('requireProgram', () => {
  it('throws an error with the install command under CI only', () => {
    expect(requireProgram(PROGRAM)).toBeUndefined();
    process.env['CI'] = 'true';
    expect(() => requireProgram(PROGRAM)).toThrow(`run: pnpm tools:install ${PROGRAM}`);
  });
});

describe('describeWithProgram', () => {
  it('runs the suite when the program exists', async () => {
    await putProgram(join(home, 'tools', 'bin'));
    const { code, output } = await runFixture({ CI: 'true' });
    expect(output).toContain('✓ runs with its path');
    expect(code).toBe(0);
  });

  it('fails under CI without the program', async () => {
    const { code, output } = await runFixture({ CI: 'true' });
    expect(output).toContain(`✕ has ${PROGRAM} available`);
    expect(output).toContain(`run: pnpm tools:install ${PROGRAM}`);
    expect(code).toBe(1);
  });

  it('skips the suite outside CI and reports it to Jest, stderr and the log of skipped suites', async () => {
    const log = join(home, 'skipped.jsonl');
    const { code, output } = await runFixture({ CI: undefined, AION_TEST_SKIPPED_LOG: log });
    expect(code).toBe(0);
    expect(output).toContain('NOT RUN: "a suite that requires a program" (test/fixtures/with-program.fixture.ts)');
    expect(output).toMatch(/Tests:\s+1 skipped/);
    expect(
      (await readFile(log, 'utf8'))
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      { program: PROGRAM, suite: 'a suite that requires a program', file: 'test/fixtures/with-program.fixture.ts' },
    ]);
  });
});
