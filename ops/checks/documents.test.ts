import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const documents = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], { cwd: root })
  .toString()
  .split('\n')
  .filter((path) => path !== '' && existsSync(join(root, path)));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const { scripts }: { scripts: Readonly<Record<string, string>> } = JSON.parse(read('package.json'));

/** Commands of pnpm itself, which are no scripts of ours. */
const PNPM_COMMANDS = new Set(['install', 'exec', 'add', 'why']);

describe('the documents', () => {
  it('are found', () => {
    expect(documents).toEqual(expect.arrayContaining(['README.md', 'docs/ARCHITECTURE.md', 'docs/API.md']));
  });

  it.each(documents)('%s links only to what exists', (path) => {
    const links = [...read(path).matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)].map((match) => match[1] ?? '');
    expect(links.filter((link) => !existsSync(join(root, dirname(path), link)))).toEqual([]);
  });

  it.each(documents)('%s names only commands that exist', (path) => {
    const named = [...read(path).matchAll(/\bpnpm(?:@10)? ([a-z][a-z:]*)/g)].map((match) => match[1] ?? '');
    expect(named.filter((name) => scripts[name] === undefined && !PNPM_COMMANDS.has(name))).toEqual([]);
  });

  it.each(documents)('%s is plain: no emoji, no local path', (path) => {
    expect(read(path)).not.toMatch(/\p{Emoji_Presentation}|(?<![\w.])\/(root|home)\//u);
  });
});
