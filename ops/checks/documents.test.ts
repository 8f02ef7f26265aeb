import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const documents = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], { cwd: root })
  .toString()
  .split('\n')
  .filter((path) => path !== '' && existsSync(join(root, path)));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const { scripts }: { scripts: Readonly<Record<string, string>> } = JSON.parse(read('package.json'));

/** Commands of pnpm itself, as opposed to scripts of package.json. */
const PNPM_COMMANDS = new Set(['install', 'exec', 'add', 'why']);

describe('Markdown documents', () => {
  it('include the main documents', () => {
    expect(documents).toEqual(expect.arrayContaining(['README.md', 'docs/ARCHITECTURE.md', 'docs/API.md']));
  });

  it.each(documents)('%s links only to existing files', (path) => {
    const links = [...read(path).matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)].map((match) => match[1] ?? '');
    expect(links.filter((link) => !existsSync(join(root, dirname(path), link)))).toEqual([]);
  });

  it.each(documents)('%s links only to existing headings', (path) => {
    const links = [...read(path).matchAll(/\]\((?!https?:|mailto:)([^)#\s]*)#([^)\s]+)\)/g)];
    const broken = links.filter(([, file = '', heading = '']) => {
      const target = file === '' ? path : join(dirname(path), file);
      return target.endsWith('.md') && !anchorsOf(target).includes(heading);
    });
    expect(broken.map(([link]) => link)).toEqual([]);
  });

  it.each(documents)('%s names only existing files of the repository', (path) => {
    const named = [...read(path).matchAll(/`((?:packages|services|ops|docs|deploy|examples)\/[^`\s*<{]+)`/g)];
    expect(named.map(([, file = '']) => file).filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });

  it.each(documents)('%s names only existing pnpm scripts', (path) => {
    const named = [...read(path).matchAll(/\bpnpm(?:@10)? ([a-z][a-z:]*)/g)].map((match) => match[1] ?? '');
    expect(named.filter((name) => scripts[name] === undefined && !PNPM_COMMANDS.has(name))).toEqual([]);
  });

  it.each(documents.filter((path) => path.startsWith('docs/runbooks/')))(
    '%s quotes only log messages that exist',
    (path) => {
      const quoted = [...read(path).matchAll(/`([A-Z][a-z]+(?: [\w',]+){2,})`/g)].map(([, message = '']) => message);
      expect(quoted.filter((message) => !isInSource(message))).toEqual([]);
    },
  );

  it.each(documents)('%s contains neither emoji nor local paths', (path) => {
    expect(read(path)).not.toMatch(/\p{Emoji_Presentation}|(?<![\w.])\/(root|home)\//u);
  });
});

/** Returns the anchors that GitHub derives from the headings of a document. */
function anchorsOf(path: string): readonly string[] {
  return [...read(path).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function isInSource(text: string): boolean {
  return spawnSync('git', ['grep', '-qF', text, '--', '*/src/*.ts'], { cwd: root }).status === 0;
}
