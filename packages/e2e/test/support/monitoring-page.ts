import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const PAGE = resolve(import.meta.dirname, '../../../../docs/MONITORING.md');
const MAY_BE_EMPTY = '# empty while all is well\n';

/** A query of the page. */
export interface PageQuery {
  readonly text: string;
  /** Whether it answers with what is wrong only. */
  readonly mayBeEmpty: boolean;
}

/** The page without what is generated, for the catalogue is compared with a scrape elsewhere. */
const text = readFileSync(PAGE, 'utf8').replace(/<!-- metrics:begin -->[\s\S]*<!-- metrics:end -->/, '');

/** The queries in fenced blocks, and the metrics that its sentences name. */
export function readQueries(): readonly PageQuery[] {
  const fenced = blocksOf('promql').map((block) => ({
    text: block.replace(MAY_BE_EMPTY, '').trim(),
    mayBeEmpty: block.startsWith(MAY_BE_EMPTY),
  }));
  const prose = text.replaceAll(/```[\s\S]*?```/g, '');
  const named = [...prose.matchAll(/`((?:http|db|ai|aion|process|nodejs)_[a-z_]+[a-z](?:\{[^`]*\})?)`/g)];
  const names = [...new Set(named.map(([, query = '']) => query))];
  return [...fenced, ...names.map((name) => ({ text: name, mayBeEmpty: false }))];
}

/** The commands in fenced blocks, but for those that only set variables. */
export function readCommands(): readonly string[] {
  return blocksOf('sh')
    .map((block) => block.trim())
    .filter((block) => !/^(\w+=\S+\s*)+$/.test(block));
}

/** The labels by which the selectors of a query choose, each as a query for the series that have such a label. */
export function selectorsOf(query: string): readonly string[] {
  return [...query.matchAll(/(\w+)\{([^}]*)\}/g)].flatMap(([, series = '', matchers = '']) =>
    [...matchers.matchAll(/(\w+)\s*[!=]~?\s*"/g)].map(([, label = '']) => `${series}{${label}!=""}`),
  );
}

/** The labels that each series of an answer must have: those of `by`, but for the bounds of buckets. */
export function groupingOf(query: string): readonly string[] {
  const labels = [...query.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/\s*,\s*/));
  return [...new Set(labels)].filter((label) => label !== 'le');
}

/** A query that answers with what is wrong, as queries for the series in which it looks for that. */
export function withoutThresholds(query: string): readonly string[] {
  return query.split(' or ').map((part) => part.replaceAll(/\s*[<>]=?\s*[\d.]+/g, ''));
}

function blocksOf(language: string): string[] {
  return [...text.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, block = '']) => block);
}
