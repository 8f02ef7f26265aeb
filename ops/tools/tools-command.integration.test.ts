import { findProgram } from './find-program.ts';
import { runToolsCommand } from './tools-command.ts';
import { toolVersions } from './tool-versions.ts';
import { createSandbox } from './testing/sandbox.ts';
import type { Sandbox } from './testing/sandbox.ts';

interface Run {
  exitCode: number;
  stdout: string;
  stderr: string;
}

describe('runToolsCommand', () => {
  let sandbox: Sandbox;
  beforeEach(async () => void (sandbox = await createSandbox()));
  afterEach(() => sandbox.remove());

  async function run(args: string[], env = sandbox.env, platform: NodeJS.Platform = 'linux'): Promise<Run> {
    const written = { stdout: '', stderr: '' };
    const output = (name: 'stdout' | 'stderr') => ({ write: (text: string) => void (written[name] += text) });
    const isRoot = env === process.env && process.getuid?.() === 0;
    const exitCode = await runToolsCommand({
      args,
      env,
      platform,
      isRoot,
      stdout: output('stdout'),
      stderr: output('stderr'),
    });
    return { exitCode, ...written };
  }

  it('exits with 2 and lists what is known when a tool or an option is unknown', async () => {
    const unknown = await run(['zstdd']);
    expect(unknown).toMatchObject({ exitCode: 2, stdout: '' });
    expect(unknown.stderr).toContain("unknown tool 'zstdd'; known tools: redis-server, age");
    expect(await run(['--lst'])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('usage: ') });
  });

  it('exits with 1 and prints one command when packages need an administrator', async () => {
    const { exitCode, stdout } = await run(['redis-server', 'age'], sandbox.env, 'darwin');
    expect(exitCode).toBe(1);
    expect(stdout).toContain('package manager:\n  brew install redis age\n');
    expect(stdout).toContain('2 of 2 tools failed');
  });

  it('lists the complete catalogue as a table and as JSON', async () => {
    await sandbox.addScript('zstd', 'echo "*** Zstandard CLI (64-bit) v1.5.4, by Yann Collet ***"');
    const { stdout } = await run(['--list']);
    expect(stdout).toMatch(/^zstd +1\.5\.4 +debian/m);
    expect(stdout).toMatch(/^smollm2 +- +wheel +optional/m);
    const listings: unknown = JSON.parse((await run(['--list', '--json', 'zstd'])).stdout);
    expect(listings).toMatchObject([{ name: 'zstd', installed: { version: '1.5.4' } }]);
  });

  it('prints only results on standard output with --json', async () => {
    await sandbox.addScript('zstd', 'echo v1.5.4');
    const { stdout, stderr } = await run(['--json', 'zstd']);
    const results: unknown = JSON.parse(stdout);
    expect(results).toMatchObject([{ name: 'zstd', state: 'already installed', version: '1.5.4', failure: null }]);
    expect(stderr).toContain('already installed');
  });

  it('returns the versions of installed tools without missing ones', async () => {
    await sandbox.addScript('zstd', 'echo v1.5.4');
    const path = `${sandbox.root}/path/zstd`;
    expect(await toolVersions(['zstd', 'age'], sandbox.env)).toEqual([{ name: 'zstd', version: '1.5.4', path }]);
    await expect(toolVersions(['nope'], sandbox.env)).rejects.toThrow("unknown tool 'nope'");
  });
});

// Under CI the tools are installed; elsewhere a test run installs nothing.
const available = ['zstd', 'age', 'age-keygen'].every((program) => findProgram(program, process.env) !== null);
const suite = available || process.env['CI'] !== undefined ? describe : describe.skip;

suite('runToolsCommand on this machine (needs zstd and age)', () => {
  it('installs zstd and age once', async () => {
    const sandbox = await createSandbox();
    try {
      const env = { ...process.env, AION_TOOLS_DIR: sandbox.cache };
      const states = async (): Promise<unknown> => {
        let stdout = '';
        const exitCode = await runToolsCommand({
          args: ['--json', 'zstd', 'age'],
          env,
          platform: process.platform,
          isRoot: process.getuid?.() === 0,
          stdout: { write: (text) => void (stdout += text) },
          stderr: process.stderr,
        });
        const results = JSON.parse(stdout) as { state: string }[]; // the command's own --json form
        return { exitCode, states: results.map((result) => result.state) };
      };
      await states();
      expect(await states()).toEqual({ exitCode: 0, states: ['already installed', 'already installed'] });
    } finally {
      await sandbox.remove();
    }
  });
});
