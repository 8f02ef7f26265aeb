// Usage: node ops/checks/words-main.ts [path...]
import { readFileSync } from 'node:fs';
import { checkWords, parseBannedPhrases } from './check-words.ts';
import { runFileCheck } from './run-file-check.ts';
import { WORD_EXCEPTIONS } from './words-exceptions.ts';

const banned = parseBannedPhrases(readFileSync('docs/GLOSSARY.md', 'utf8'));
runFileCheck({
  name: 'Words',
  files: /\.(md|m?[jt]s)$/,
  exceptions: WORD_EXCEPTIONS,
  check: (path, text) => checkWords(path, text, banned),
});
