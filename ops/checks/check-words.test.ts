import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkWords, parseBannedPhrases } from './check-words.ts';

const glossary = readFileSync(join(import.meta.dirname, '../../docs/GLOSSARY.md'), 'utf8');
const banned = parseBannedPhrases(glossary);
const find = (text: string, path = 'a.ts'): string[] =>
  checkWords(path, text, banned).map(({ line, message }) => `${line} ${message.split(' -> ')[0] ?? ''}`);

describe('parseBannedPhrases', () => {
  it('reads phrases and replacements from a table row', () => {
    const [phrase] = parseBannedPhrases('| not | but |\n| --- | --- |\n| `mend`, `looks after` | fix |\n');
    expect(phrase?.instead).toBe('fix');
    expect('It looks after rows and Mend them'.match(phrase?.pattern ?? /^$/)).toEqual(['looks after', 'Mend']);
  });

  it('reads the table of the glossary', () => {
    expect(banned.length).toBeGreaterThan(15);
    expect(banned.every(({ instead }) => instead.length > 0)).toBe(true);
  });
});

describe('checkWords', () => {
  it.each([
    ['a line comment', '\n// The row says more.'],
    ['a comment at the end of a line', '\nconst a = 1; // says'],
    ['a comment before a closing brace', 'function a() {\n  // says\n}'],
    ['a doc comment', '/** Returns a.\n * It says b. */\nexport const a = 1;'],
    ['a log message', '\nlogger.warn("Queue says no", { error });'],
    ['a log message of a member', '\nthis.#logger?.info(`Queue ${name} says no`);'],
    ['an error text', '\nthrow new TypeError(`${name} says no`);'],
    ['a test title', '\nit("says no", () => {});'],
    ['a title of a table of tests', '\nit.each([1])("says %s", () => {});'],
    ['a schema description', '\nz.string().describe("It says no");'],
    ['a description of a command', '\ncommand.option("--all", "It says all");'],
    ['a description in an object', '\nconst route = { summary: "It says" + "no" };'],
  ])('finds a banned word in %s', (_, text) => {
    expect(find(text)).toEqual(['2 "says"']);
  });

  it('finds a phrase that spans two comment lines', () => {
    expect(find('/**\n * It looks\n * after rows.\n */')).toEqual(['2 "looks after"']);
  });

  it.each(['What', 'Those who', 'Where', 'How', 'Who', 'Whose', 'Whether'])(
    'rejects a summary that begins with %s',
    (word) => {
      expect(find(`/** ${word} it is. */\nexport const a = 1;`)).toEqual([`1 "${word}"`]);
      expect(find(`/**\n * ${word} it is.\n */\nexport const a = 1;`)).toEqual([`2 "${word}"`]);
    },
  );

  it.each([
    ['identifiers', 'const says = tells.parked;'],
    ['strings that are no messages', 'await query("SELECT epoch FROM parked", ["says"]);'],
    ['comment markers in strings', 'const a = "// it says"; const b = `/* says ${"/** What */"} */`;'],
    ['comment markers in regular expressions', 'const a = /[/*] says/;'],
    ['code in backticks', '// Reads `epoch` and `GET /v1/parked`.'],
    ['paths and compound names', '// See docs/runbooks/sealed-rows.md and sealed-rows, sealed_rows.'],
    ['a summary with What inside', '/** Reports What and whether. */\nexport const a = 1;'],
    ['the rows of a table of tests', 'it.each(["says"])("passes %s", () => {});'],
    ['code of a test', 'it("passes", () => { call("says"); });'],
  ])('permits %s', (_, text) => {
    expect(find(text)).toEqual([]);
  });

  it('reads Markdown except code and link targets', () => {
    const text = 'It says `says`.\n\n```sh\necho says\n```\n\n[a](says) [it is told](b.md)\n';
    expect(find(text, 'a.md').sort()).toEqual(['1 "says"', '7 "told"']);
  });
});
