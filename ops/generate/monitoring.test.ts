import { readFileSync } from 'node:fs';
import { CATALOGUE, type MetricDeclaration } from '@aion/metrics';
import { createCatalogueJson, createMetricTables } from './metric-tables.ts';

const document = readFileSync(new URL('../../docs/MONITORING.md', import.meta.url), 'utf8');
const queries = [...document.matchAll(/```promql\n([\s\S]*?)```/g)].map((match) => match[1]?.trim() ?? '');
const declared: readonly string[] = Object.keys(CATALOGUE);

/** Returns the names of series with AION's prefixes that a query selects. */
function seriesIn(query: string): string[] {
  const plain = query.replaceAll(/\{[^}]*\}/g, '').replaceAll(/\bby \([^)]*\)/g, '');
  return plain.match(/\b(http|db|ai|aion|process|nodejs)_\w+/g) ?? [];
}

/** Returns the label values in a query that the catalogue does not declare, so that they match nothing. */
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

describe('docs/MONITORING.md', () => {
  it('contains queries', () => {
    expect(queries.length).toBeGreaterThan(10);
  });

  it.each(queries)('queries only series of the catalogue: %s', (query) => {
    const series = seriesIn(query);
    expect(series.length).toBeGreaterThan(0);
    for (const name of series.filter((found) => !/^(process|nodejs)_/.test(found))) {
      expect(declared).toContain(name.replace(/_(bucket|sum|count)$/, ''));
    }
  });

  it.each(queries)('queries only declared label values: %s', (query) => {
    expect(unknownValuesIn(query)).toEqual([]);
  });

  it.each(declared)('describes the metric %s once in its tables', (name) => {
    expect(createMetricTables().split(`| \`${name}\` |`)).toHaveLength(2);
  });
});

describe('createCatalogueJson', () => {
  it('contains metrics with their types, labels and services', () => {
    expect(JSON.parse(createCatalogueJson())).toMatchObject({
      metrics: expect.arrayContaining([
        {
          name: 'db_connections_pending',
          type: 'gauge',
          help: 'Callers waiting for a connection.',
          unit: 'count',
          subject: 'db',
          labels: { pool: ['requests', 'exports'] },
          emitted_by: ['database-gateway'],
        },
      ]),
    });
  });
});
