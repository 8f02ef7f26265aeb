import { readdir } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { installTools } from './install-tools.ts';
import { createAptPackages } from './system-packages.ts';
import { createSandbox } from './testing/sandbox.ts';
import { createRecordingReporter } from './testing/recording-reporter.ts';
import type { Sandbox } from './testing/sandbox.ts';
import type { DebianTool } from './tool.ts';
import type { ToolResult } from './tool-result.ts';

const tool = (name: string, ...more: string[]): DebianTool => ({
  kind: 'debian',
  name,
  summary: 'test',
  programs: [name, ...more],
  version: { program: name, args: ['--version'], pattern: /v(\d\S*)/ },
  packages: [name],
  formulae: [name],
});

describe('installTools', () => {
  let sandbox: Sandbox;
  const reporter = createRecordingReporter();
  beforeEach(async () => {
    sandbox = await createSandbox();
    reporter.events.length = 0;
  });
  afterEach(() => sandbox.remove());

  function install(tools: DebianTool[], env = sandbox.env): Promise<ToolResult[]> {
    const system = createAptPackages({ env, isRoot: true, policyFile: `${sandbox.root}/policy-rc.d` });
    return installTools({ tools, env, system, reporter });
  }

  /** Adds a fake apt-get that installs a program named like its package; the package `bad` fails. */
  async function addAptGet(): Promise<void> {
    const bin = `${sandbox.root}/path`;
    const body = `for last; do :; done
      [ "$last" != bad ] || { echo "E: bad package"; exit 100; }
      [ "$last" != update ] || exit 0
      printf '#!/bin/sh\\necho v1.0\\n' >${bin}/$last; chmod 755 ${bin}/$last`;
    await sandbox.addScript('apt-get', body);
  }

  it('accepts a program in PATH in any version and writes nothing', async () => {
    await sandbox.addScript('one', 'echo v2.3');
    const path = `${sandbox.root}/path/one`;
    expect(await install([tool('one')])).toMatchObject([{ state: 'already installed', version: '2.3', path }]);
    expect(existsSync(sandbox.cache)).toBe(false);
  });

  it('installs a missing tool and reports it as already installed the second time', async () => {
    await addAptGet();
    expect(await install([tool('one')])).toMatchObject([{ state: 'installed', version: '1.0' }]);
    expect(await install([tool('one')])).toMatchObject([{ state: 'already installed', version: '1.0' }]);
    expect(reporter.events).toEqual(['started one', 'installed one', 'already installed one']);
  });

  it('continues after a failure and reports the last lines of its output', async () => {
    await addAptGet();
    const results = await install([tool('bad'), tool('two')]);
    expect(results.map((result) => result.state)).toEqual(['failed', 'installed']);
    expect(results[0]?.failure?.tail).toEqual(['E: bad package']);
  });

  it('reinstalls a program whose version command fails or whose companion is missing', async () => {
    await addAptGet();
    await sandbox.addScript('shim', 'echo "shim: command not found" >&2; exit 127');
    expect(await install([tool('shim')])).toMatchObject([{ state: 'installed' }]);
    await sandbox.addScript('pair', 'echo v1');
    expect(await install([tool('pair', 'pair-keygen')])).toMatchObject([
      { state: 'failed', failure: { code: 'BROKEN_TOOL' } },
    ]);
  });

  it('installs a tool once when two runs start together', async () => {
    await addAptGet();
    await Promise.all([install([tool('one')]), install([tool('one')])]);
    expect(reporter.events.filter((event) => !event.startsWith('waiting')).sort()).toEqual([
      'already installed one',
      'installed one',
      'started one',
    ]);
  });

  it('stops when it is aborted and leaves no partial directory', async () => {
    const stopping = new AbortController();
    await sandbox.addScript('apt-get', 'echo begun; kill -TERM $PPID');
    const line = (): void => stopping.abort(new Error('stopped by SIGTERM'));
    const system = createAptPackages({
      env: sandbox.env,
      isRoot: true,
      signal: stopping.signal,
      policyFile: `${sandbox.root}/p`,
    });
    const run = installTools({
      tools: [tool('one'), tool('two')],
      env: sandbox.env,
      system,
      reporter: { ...reporter, line },
      signal: stopping.signal,
    });
    await expect(run).rejects.toThrow('stopped by SIGTERM');
    expect(reporter.events).toEqual(['started one']);
    expect(await readdir(sandbox.cache)).toEqual(['lock.sqlite']);
  });
});
