import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const PAGE = resolve(import.meta.dirname, '../../../../docs/MONITORING.md');
const MAY_BE_EMPTY = '# empty while all is well\n';

/** A query of docs/MONITORING.md. */
export interface PageQuery {
  readonly text: string;
  /** True: the query returns results only during a fault. */
  readonly mayBeEmpty: boolean;
}

/** The page without its generated table of metrics; another test compares metrics with the catalogue. */
const text = readFileSync(PAGE, 'utf8').replace(/<!-- metrics:begin -->[\s\S]*<!-- metrics:end -->/, '');

/** Reads the queries in fenced blocks, and the metric names in the prose. */
export function readQueries(): readonly PageQuery[] {
  const fenced = readBlocks('promql').map((block) => ({
    text: block.replace(MAY_BE_EMPTY, '').trim(),
    mayBeEmpty: block.startsWith(MAY_BE_EMPTY),
  }));
  const prose = text.replaceAll(/```[\s\S]*?```/g, '');
  const named = [...prose.matchAll(/`((?:http|db|ai|aion|process|nodejs)_[a-z_]+[a-z](?:\{[^`]*\})?)`/g)];
  const names = [...new Set(named.map(([, query = '']) => query))];
  return [...fenced, ...names.map((name) => ({ text: name, mayBeEmpty: false }))];
}

/** Reads the commands in fenced blocks, except those that only set variables. */
export function readCommands(): readonly string[] {
  return readBlocks('sh')
    .map((block) => block.trim())
    .filter((block) => !/^(\w+=\S+\s*)+$/.test(block));
}

/** Returns for each label matcher of a query a query for all series with that label. */
export function listSelectors(query: string): readonly string[] {
  return [...query.matchAll(/(\w+)\{([^}]*)\}/g)].flatMap(([, series = '', matchers = '']) =>
    [...matchers.matchAll(/(\w+)\s*[!=]~?\s*"/g)].map(([, label = '']) => `${series}{${label}!=""}`),
  );
}

/** Returns the labels that each series of the result must have: those of `by` except `le`. */
export function listGroupingLabels(query: string): readonly string[] {
  const labels = [...query.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/\s*,\s*/));
  return [...new Set(labels)].filter((label) => label !== 'le');
}

/** Removes thresholds from a query that returns faults, so that it returns the series it inspects. */
export function removeThresholds(query: string): readonly string[] {
  return query.split(' or ').map((part) => part.replaceAll(/\s*[<>]=?\s*[\d.]+/g, ''));
}

function readBlocks(language: string): string[] {
  return [...text.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, block = '']) => block);
}
