import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listChangedFiles } from './list-changed-files.ts';

describe('listChangedFiles', () => {
  let root: string;
  const git = (...args: string[]): void => {
    const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com', '-c', 'commit.gpgsign=false'];
    execFileSync('git', [...identity, ...args], { cwd: root, stdio: 'ignore' });
  };
  const write = (path: string): void => writeFileSync(join(root, path), String(Math.random()));
  const commit = (path: string): void => {
    write(path);
    git('add', '-A');
    git('commit', '-m', path);
  };

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'aion-changed-'));
    git('init', '-b', 'main');
    mkdirSync(join(root, 'ops'));
    commit('README.md');
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('lists nothing in a clean checkout of the main branch', () => {
    expect(listChangedFiles(root)).toEqual([]);
  });

  it('lists files of commits, of the working tree and untracked files', () => {
    git('checkout', '-b', 'topic');
    commit('ops/committed.ts');
    write('README.md');
    write('untracked.ts');
    expect(listChangedFiles(root)?.toSorted()).toEqual(['README.md', 'ops/committed.ts', 'untracked.ts']);
  });

  it('lists no files that only the main branch has changed since', () => {
    git('checkout', '-b', 'topic');
    git('checkout', 'main');
    commit('ops/later.ts');
    git('checkout', 'topic');
    expect(listChangedFiles(root)).toEqual([]);
  });

  it('returns undefined without a main branch', () => {
    git('branch', '-m', 'main', 'other');
    expect(listChangedFiles(root)).toBeUndefined();
  });
});
