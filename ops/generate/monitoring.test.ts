import { readFileSync } from 'node:fs';
import { CATALOGUE, type MetricDeclaration } from '@aion/metrics';
import { createCatalogueJson, createMetricTables } from './metric-tables.ts';

const document = readFileSync(new URL('../../docs/MONITORING.md', import.meta.url), 'utf8');
const queries = [...document.matchAll(/```promql\n([\s\S]*?)```/g)].map((match) => match[1]?.trim() ?? '');
const declared: readonly string[] = Object.keys(CATALOGUE);

/** The names of series that a query selects: of AION's prefixes, outside of label matchers and strings. */
function seriesIn(query: string): string[] {
  const plain = query.replaceAll(/\{[^}]*\}/g, '').replaceAll(/\bby \([^)]*\)/g, '');
  return plain.match(/\b(http|db|ai|aion|process|nodejs)_\w+/g) ?? [];
}

/** Values that a query looks for and the catalogue's list of that label does not have, so that it selects nothing. */
function unknownValuesIn(query: string): string[] {
  const declarations = new Map<string, MetricDeclaration>(Object.entries(CATALOGUE));
  return [...query.matchAll(/(\w+)\{([^}]*)\}/g)].flatMap(([, series = '', matchers = '']) => {
    const labels = declarations.get(series.replace(/_(bucket|sum|count)$/, ''))?.labels ?? {};
    return [...matchers.matchAll(/(\w+)[!=]~?"([^"]*)"/g)].flatMap(([, label = '', pattern = '']) => {
      const values = labels[label];
      if (values === undefined || typeof values === 'string') return [];
      return pattern.split('|').filter((part) => !values.some((value) => new RegExp(`^(?:${part})$`).test(value)));
    });
  });
}

describe('the monitoring page', () => {
  it('has queries', () => {
    expect(queries.length).toBeGreaterThan(10);
  });

  it.each(queries)('asks for what the catalogue declares: %s', (query) => {
    const series = seriesIn(query);
    expect(series.length).toBeGreaterThan(0);
    for (const name of series.filter((found) => !/^(process|nodejs)_/.test(found))) {
      expect(declared).toContain(name.replace(/_(bucket|sum|count)$/, ''));
    }
  });

  it.each(queries)('looks for values that there are: %s', (query) => {
    expect(unknownValuesIn(query)).toEqual([]);
  });

  it.each(declared)('describes %s once in its tables', (name) => {
    expect(createMetricTables().split(`| \`${name}\` |`)).toHaveLength(2);
  });
});

describe('the catalogue for programs', () => {
  it('has every metric with its type, labels and services', () => {
    expect(JSON.parse(createCatalogueJson())).toMatchObject({
      metrics: expect.arrayContaining([
        {
          name: 'db_connections_pending',
          type: 'gauge',
          help: 'Callers that wait for a connection.',
          unit: 'count',
          subject: 'db',
          labels: { pool: ['requests', 'exports'] },
          emitted_by: ['database-gateway'],
        },
      ]),
    });
  });
});
