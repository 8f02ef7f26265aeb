import { mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findProgram } from './find-program.ts';
import { installTools } from './install-tools.ts';
import { createAptPackages } from './system-packages.ts';
import { createSandbox } from './testing/sandbox.ts';
import { writeDemoWheel } from './testing/demo-wheel.ts';
import { createRecordingReporter } from './testing/recording-reporter.ts';
import type { Sandbox } from './testing/sandbox.ts';
import type { PipTool, Tool, WheelTool } from './tool.ts';
import type { ToolResult } from './tool-result.ts';

const pipTool: PipTool = {
  kind: 'pip',
  name: 'demo',
  summary: 'test',
  programs: ['demo-tool'],
  version: {
    program: 'python3',
    args: ['-c', 'from importlib.metadata import version; print(version("demo-tool"))'],
    pattern: /^(\d\S*)/m,
  },
  requirement: 'demo-tool',
  pinned: '1.0',
};
const wheelTool: WheelTool = {
  kind: 'wheel',
  name: 'weights',
  summary: 'test',
  requirement: 'demo-tool',
  pinned: '1.0',
  member: 'demo_tool/data.bin',
  bytes: 7,
  // SHA-256 of the text `weights`.
  sha256: '9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c',
};

const available = findProgram('python3', process.env) !== null;
// Under CI a missing python3 fails this suite; elsewhere it is skipped.
const suite = available || process.env['CI'] !== undefined ? describe : describe.skip;

suite('Python tools (need python3)', () => {
  let sandbox: Sandbox;
  let env: NodeJS.ProcessEnv;
  beforeEach(async () => {
    sandbox = await createSandbox();
    const wheels = join(sandbox.root, 'wheels');
    await mkdir(wheels);
    env = { ...process.env, AION_TOOLS_DIR: sandbox.cache, PIP_NO_INDEX: '1', PIP_FIND_LINKS: wheels };
    await writeDemoWheel(wheels, 'print("demo runs")');
  });
  afterEach(() => sandbox.remove());

  function install(...tools: Tool[]): Promise<ToolResult[]> {
    const system = createAptPackages({ env: { ...env, PATH: '' }, isRoot: false });
    return installTools({ tools, env, system, reporter: createRecordingReporter() });
  }

  it('are installed once into their own environment and linked', async () => {
    const path = join(sandbox.cache, 'bin/demo-tool');
    expect(await install(pipTool)).toMatchObject([{ state: 'installed', version: '1.0', path, failure: null }]);
    expect(await readlink(path)).toBe('../demo-1.0/bin/demo-tool');
    expect(await readFile(path, 'utf8')).not.toContain('.partial');
    expect(await install(pipTool)).toMatchObject([{ state: 'already installed', version: '1.0', path }]);
  });

  it('leave nothing in the cache when the program does not run or an earlier run was killed', async () => {
    await writeDemoWheel(join(sandbox.root, 'wheels'), 'raise SystemExit("no such library")');
    await mkdir(join(sandbox.cache, '.partial-other-2.0'), { recursive: true });
    await mkdir(join(sandbox.cache, 'demo-1.0/bin'), { recursive: true });
    await writeFile(join(sandbox.cache, 'demo-1.0/bin/demo-tool'), 'half');
    const [result] = await install(pipTool);
    expect(result).toMatchObject({ state: 'failed', failure: { code: 'BROKEN_TOOL', tail: ['no such library'] } });
    expect(await readdir(sandbox.cache)).toEqual(['lock.sqlite']);
  });

  it('are installed from a wheel as one file without anything else', async () => {
    const path = join(sandbox.cache, 'weights-1.0/data.bin');
    expect(await install(wheelTool)).toMatchObject([{ state: 'installed', version: '1.0', path, failure: null }]);
    expect(await readFile(path, 'utf8')).toBe('weights');
    expect(await readdir(join(sandbox.cache, 'weights-1.0'))).toEqual(['data.bin']);
    expect(await install(wheelTool)).toMatchObject([{ state: 'already installed' }]);
  });

  it('are rejected when a file has another SHA-256', async () => {
    const [result] = await install({ ...wheelTool, sha256: '0'.repeat(64) });
    expect(result?.failure?.message).toBe(
      `demo_tool/data.bin has SHA-256 ${wheelTool.sha256}, but the catalogue expects ${'0'.repeat(64)}`,
    );
    expect(await readdir(sandbox.cache)).toEqual(['lock.sqlite']);
  });
});
