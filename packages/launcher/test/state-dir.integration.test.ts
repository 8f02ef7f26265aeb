import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSecrets } from '../src/platform/secrets.ts';
import { openStateDir } from '../src/platform/state-dir.ts';

let stateDir: string;
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'aion-state-'));
});
afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

const writeLock = (holder: unknown) => writeFileSync(join(stateDir, 'launcher.lock'), JSON.stringify(holder));

describe('openStateDir', () => {
  it('rejects a directory that another launcher has locked', async () => {
    const first = await openStateDir(stateDir, { reset: false });
    await expect(openStateDir(stateDir, { reset: true })).rejects.toThrow(`(pid ${process.pid})`);
    await first.release();
    const second = await openStateDir(stateDir, { reset: false });
    await second.release();
    expect(readdirSync(stateDir)).toEqual([]);
  });

  it.each([
    ['has ended', { pid: 2_147_483_646, startTicks: '1' }],
    ['has left its pid to another program', { pid: process.pid, startTicks: '1' }],
    ['was killed while it wrote the lock', undefined],
  ])('takes over the lock of a launcher that %s', async (_title, holder) => {
    if (holder === undefined) writeFileSync(join(stateDir, 'launcher.lock'), '{"pi');
    else writeLock(holder);
    const taken = await openStateDir(stateDir, { reset: false });
    expect(JSON.parse(readFileSync(join(stateDir, 'launcher.lock'), 'utf8'))).toMatchObject({ pid: process.pid });
    await taken.release();
  });

  it('lets one of several concurrent launchers take over a stale lock', async () => {
    writeLock({ pid: 2_147_483_646, startTicks: '1' });
    const results = await Promise.allSettled([1, 2, 3, 4].map(() => openStateDir(stateDir, { reset: false })));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('deletes the data on a reset, except models and files of others', async () => {
    for (const folder of ['postgres', 'postgres.init-77', 'objects', 'logs', 'demo', 'models', 'mine']) {
      mkdirSync(join(stateDir, folder));
      writeFileSync(join(stateDir, folder, 'file'), 'x');
    }
    for (const file of [
      'secrets.json',
      'operator.json',
      'demo.json',
      'demo-tenants.json',
      'audit-heads.ndjson',
      'secrets.json.7.tmp',
      'notes.txt',
    ]) {
      writeFileSync(join(stateDir, file), '{}');
    }
    const opened = await openStateDir(stateDir, { reset: true });
    await opened.release();
    expect(opened.removed).toEqual([
      'audit-heads.ndjson',
      'demo',
      'demo-tenants.json',
      'demo.json',
      'logs',
      'objects',
      'operator.json',
      'postgres',
      'postgres.init-77',
      'secrets.json',
      'secrets.json.7.tmp',
    ]);
    expect(readdirSync(stateDir).toSorted()).toEqual(['mine', 'models', 'notes.txt']);
    expect(readdirSync(join(stateDir, 'models'))).toEqual(['file']);
  });
});

describe('loadSecrets', () => {
  it('generates secrets once and then reads them', async () => {
    const secrets = await loadSecrets(stateDir);
    expect(await loadSecrets(stateDir)).toEqual(secrets);
  });

  it('rejects a damaged file without replacing or quoting it', async () => {
    writeFileSync(join(stateDir, 'secrets.json'), '{"keyPepper":"hunter2hunter2"');
    const error = await loadSecrets(stateDir).catch((thrown: unknown) => String(thrown));
    expect(error).toContain('secrets.json is damaged');
    expect(error).not.toContain('hunter2');
    expect(readFileSync(join(stateDir, 'secrets.json'), 'utf8')).toContain('hunter2');
  });
});
