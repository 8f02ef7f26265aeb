import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { installTools } from './install-tools.ts';
import { runCommand } from './run-command.ts';
import { createAptPackages } from './system-packages.ts';
import { createSandbox, type Sandbox } from './testing/sandbox.ts';
import { createRecordingReporter } from './testing/recording-reporter.ts';
import type { NpmTool } from './tool.ts';
import type { ToolResult } from './tool-result.ts';

const TOOL: NpmTool = {
  kind: 'npm',
  name: 'greeter-2',
  summary: 'test',
  programs: ['greeter-2'],
  version: { program: 'greeter', args: [], pattern: /^greeter (\S+)/m },
  package: '@example/greeter',
  pinned: '2.1.0-beta.3',
  programVersion: '2.1',
  member: 'native/greeter',
};

let sandbox: Sandbox;
let registry: Server;
let env: NodeJS.ProcessEnv;
beforeEach(async () => {
  sandbox = await createSandbox();
  registry = createServer();
  registry.listen(0, '127.0.0.1');
  await once(registry, 'listening');
  const { port } = registry.address() as AddressInfo; // it listens on a port
  const registryUrl = `http://127.0.0.1:${port}/`;
  env = {
    PATH: process.env['PATH'],
    HOME: sandbox.root,
    AION_TOOLS_DIR: sandbox.cache,
    npm_config_registry: registryUrl,
    npm_config_cache: join(sandbox.root, 'npm'),
    // The user's own setting must not leave the package incomplete.
    npm_config_ignore_scripts: 'true',
  };
  const tarball = await pack();
  const dist = {
    tarball: `${registryUrl}greeter.tgz`,
    integrity: `sha512-${createHash('sha512').update(tarball).digest('base64')}`,
  };
  const { package: name, pinned: version } = TOOL;
  const versions = {
    [version]: { name, version, scripts: { install: 'node link.cjs' }, hasInstallScript: true, dist },
  };
  registry.on('request', ({ url }, response) => {
    if (url === '/greeter.tgz') response.end(tarball);
    else response.end(JSON.stringify({ name, 'dist-tags': { latest: version }, versions }));
  });
});
afterEach(async () => {
  registry.close();
  registry.closeAllConnections();
  await sandbox.remove();
});

/** Packs a package whose program needs a file that its install script creates, as PostgreSQL's needs links of libraries. */
async function pack(): Promise<Buffer> {
  const files: Record<string, string> = {
    'package.json': JSON.stringify({
      name: TOOL.package,
      version: TOOL.pinned,
      scripts: { install: 'node link.cjs' },
    }),
    'link.cjs': `require('node:fs').writeFileSync('native/version', 'greeter 2.1\\n');`,
    'native/greeter': '#!/bin/sh\ncat "$(dirname "$(readlink -f "$0")")/version"\n',
  };
  for (const [file, content] of Object.entries(files)) {
    const path = join(sandbox.root, 'source', file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
  await chmod(join(sandbox.root, 'source', 'native/greeter'), 0o755);
  await runCommand('npm', ['pack', join(sandbox.root, 'source'), '--pack-destination', sandbox.root], { env });
  return readFile(join(sandbox.root, `example-greeter-${TOOL.pinned}.tgz`));
}

function install(tool: NpmTool): Promise<ToolResult[]> {
  const system = createAptPackages({ env: { PATH: '' }, isRoot: false });
  return installTools({ tools: [tool], env, system, reporter: createRecordingReporter() });
}

it('installNpmTool installs the program of a package under its pinned version, links it, and runs once', async () => {
  expect(await install(TOOL)).toMatchObject([{ state: 'installed', version: '2.1', failure: null }]);
  expect(await readlink(join(sandbox.cache, 'bin', 'greeter-2'))).toBe('../greeter-2-2.1.0-beta.3/bin/greeter-2');
  expect(await install(TOOL)).toMatchObject([{ state: 'already installed', version: '2.1' }]);
});

it('installNpmTool leaves nothing in the cache when the program or the version does not exist', async () => {
  const [missing] = await install({ ...TOOL, member: 'native/other' });
  expect(missing).toMatchObject({ state: 'failed', failure: { code: 'BROKEN_TOOL' } });
  expect(missing?.failure?.message).toContain("@example/greeter@2.1.0-beta.3 contains no executable 'native/other'");
  const [unknown] = await install({ ...TOOL, pinned: '9.9.9' });
  expect(unknown).toMatchObject({ state: 'failed', failure: { code: 'COMMAND_FAILED' } });
  expect(await readdir(sandbox.cache)).toEqual(['lock.sqlite']);
});
