import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAptPackages } from './system-packages.ts';
import { createSandbox } from './testing/fake-programs.ts';
import type { Sandbox } from './testing/fake-programs.ts';

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

  /** apt-get stands for the system: it logs its calls and what policy-rc.d answers meanwhile. */
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

  it('installs without questions and without recommended packages, and lets no service start', async () => {
    await addAptGet();
    await create(true).install(names, ignoreLine);
    expect(await read('calls')).toBe('-o DPkg::Lock::Timeout=300 install -y --no-install-recommends redis-server');
    expect(await read('policy-answer')).toBe('101');
    expect(await read('frontend')).toBe('noninteractive');
    expect(existsSync(policyFile)).toBe(false);
  });

  it('removes its policy after a failure and takes over one that a killed run left', async () => {
    await addAptGet('exit 100');
    await writeFile(policyFile, '#!/bin/sh\n# written by aion tools:install\nexit 101\n');
    await expect(create(true).install(names, ignoreLine)).rejects.toThrow('exited with 100');
    expect(existsSync(policyFile)).toBe(false);
  });

  it('keeps a policy that somebody else set', async () => {
    await addAptGet();
    await writeFile(policyFile, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
    await create(true).install(names, ignoreLine);
    expect(await read('policy-rc.d')).toBe('#!/bin/sh\nexit 101');
  });

  it('updates the package lists when the first attempt fails, and only once', async () => {
    await addAptGet(`[ -e ${sandbox.root}/updated ] || { echo "E: Unable to locate package"; exit 100; }`);
    const system = create(true);
    await system.install(names, ignoreLine);
    await sandbox.addScript('apt-get', `echo "$@" >>${sandbox.root}/calls; echo "E: broken"; exit 100`);
    await expect(system.install(names, ignoreLine)).rejects.toMatchObject({ tail: ['E: broken'] });
    const calls = (await read('calls')).split('\n').map((line) => line.match(/update|install/)?.[0]);
    expect(calls).toEqual(['install', 'update', 'install', 'install']);
  });

  it('runs one apt-get at a time', async () => {
    await addAptGet(`[ ! -e ${sandbox.root}/busy ] || exit 9; touch ${sandbox.root}/busy; rm ${sandbox.root}/busy`);
    const system = create(true);
    await Promise.all([1, 2, 3, 4].map(() => system.install(names, ignoreLine)));
    expect((await read('calls')).split('\n')).toHaveLength(4);
  });

  it('goes through sudo when that asks for no password', async () => {
    await addAptGet();
    await sandbox.addScript('sudo', `echo "$1 $2" >>${sandbox.root}/sudo; shift; "$@"`);
    await sandbox.addReal('true');
    await create(false).install(names, ignoreLine);
    expect(await read('sudo')).toBe('-n true\n-n sh');
  });

  it.each([
    ['sudo asks for a password', 'exit 1'],
    ['there is no sudo', null],
  ])('says which packages a person must install when %s', async (reason, sudo) => {
    await addAptGet();
    if (sudo !== null) await sandbox.addScript('sudo', sudo);
    await expect(create(false).install(names, ignoreLine)).rejects.toMatchObject({
      code: 'ADMINISTRATOR_NEEDED',
      message: `cannot install redis-server: it needs root, and ${reason}`,
      ...names,
    });
    expect(existsSync(join(sandbox.root, 'calls'))).toBe(false);
  });

  it('says so on a machine without apt-get, also to root', async () => {
    await expect(create(true).install(names, ignoreLine)).rejects.toThrow('this machine has no apt-get');
  });
});
