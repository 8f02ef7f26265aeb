import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAptPackages } from './system-packages.ts';
import { createSandbox } from './testing/sandbox.ts';
import type { Sandbox } from './testing/sandbox.ts';

const names = { packages: ['redis-server'], formulae: ['redis'] };
const ignoreLine = (): void => undefined;

describe('createAptPackages', () => {
  let sandbox: Sandbox;
  let policyFile: string;
  beforeEach(async () => {
    sandbox = await createSandbox();
    policyFile = join(sandbox.root, 'policy-rc.d');
  });
  afterEach(() => sandbox.remove());

  /** Adds a fake apt-get that logs its calls and the exit code of policy-rc.d during each call. */
  async function addAptGet(install = 'exit 0'): Promise<void> {
    const { root } = sandbox;
    const body = `echo "$@" >>${root}/calls
      ${policyFile}; echo $? >${root}/policy-answer
      echo "$DEBIAN_FRONTEND" >${root}/frontend
      case "$*" in update) touch ${root}/updated;; *install*) ${install};; esac`;
    await sandbox.addScript('apt-get', body);
  }
  const read = async (name: string): Promise<string> => (await readFile(join(sandbox.root, name), 'utf8')).trim();
  const create = (isRoot: boolean): ReturnType<typeof createAptPackages> =>
    createAptPackages({ env: sandbox.env, isRoot, policyFile });

  it('installs without prompts and recommended packages, and prevents services from starting', async () => {
    await addAptGet();
    await create(true).install(names, ignoreLine);
    expect(await read('calls')).toBe('-o DPkg::Lock::Timeout=300 install -y --no-install-recommends redis-server');
    expect(await read('policy-answer')).toBe('101');
    expect(await read('frontend')).toBe('noninteractive');
    expect(existsSync(policyFile)).toBe(false);
  });

  it('removes its policy after a failure, even one that a killed run left', async () => {
    await addAptGet('exit 100');
    await writeFile(policyFile, '#!/bin/sh\n# written by aion tools:install\nexit 101\n');
    await expect(create(true).install(names, ignoreLine)).rejects.toThrow('exited with 100');
    expect(existsSync(policyFile)).toBe(false);
  });

  it('keeps a policy that it did not write', async () => {
    await addAptGet();
    await writeFile(policyFile, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
    await create(true).install(names, ignoreLine);
    expect(await read('policy-rc.d')).toBe('#!/bin/sh\nexit 101');
  });

  it('updates the package lists once, when the first attempt fails', async () => {
    await addAptGet(`[ -e ${sandbox.root}/updated ] || { echo "E: Unable to locate package"; exit 100; }`);
    const system = create(true);
    await system.install(names, ignoreLine);
    await sandbox.addScript('apt-get', `echo "$@" >>${sandbox.root}/calls; echo "E: broken"; exit 100`);
    await expect(system.install(names, ignoreLine)).rejects.toMatchObject({ tail: ['E: broken'] });
    const calls = (await read('calls')).split('\n').map((line) => line.match(/update|install/)?.[0]);
    expect(calls).toEqual(['install', 'update', 'install', 'install']);
  });

  it('runs one apt-get at a time when calls overlap', async () => {
    await addAptGet(`[ ! -e ${sandbox.root}/busy ] || exit 9; touch ${sandbox.root}/busy; rm ${sandbox.root}/busy`);
    const system = create(true);
    await Promise.all([1, 2, 3, 4].map(() => system.install(names, ignoreLine)));
    expect((await read('calls')).split('\n')).toHaveLength(4);
  });

  it('uses sudo when it requires no password', async () => {
    await addAptGet();
    await sandbox.addScript('sudo', `echo "$1 $2" >>${sandbox.root}/sudo; shift; "$@"`);
    await sandbox.addReal('true');
    await create(false).install(names, ignoreLine);
    expect(await read('sudo')).toBe('-n true\n-n sh');
  });

  it.each([
    ['sudo requires a password', 'exit 1'],
    ['sudo is not installed', null],
  ])('throws an error with the missing packages when %s', async (reason, sudo) => {
    await addAptGet();
    if (sudo !== null) await sandbox.addScript('sudo', sudo);
    await expect(create(false).install(names, ignoreLine)).rejects.toMatchObject({
      code: 'ADMINISTRATOR_NEEDED',
      message: `cannot install redis-server: it needs root, and ${reason}`,
      ...names,
    });
    expect(existsSync(join(sandbox.root, 'calls'))).toBe(false);
  });

  it('throws an error on a machine without apt-get, even for root', async () => {
    await expect(create(true).install(names, ignoreLine)).rejects.toThrow('this machine has no apt-get');
  });
});
