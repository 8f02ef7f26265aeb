import { PassThrough } from 'node:stream';
import { createLogger } from '@aion/logging';
import { DATA_MAP } from './data-map.ts';
import type { ColumnEntry, TableEntry } from './table-entry.ts';

/** Columns whose names are too general to be redacted in logs, and why no log contains them. */
const LOGGED_BY_NAME = {
  'files.name': 'Pools, providers and services are logged by their names; files only by their ids.',
};

/** Returns the log line of a value that is logged under a key. */
async function logged(key: string): Promise<string> {
  const stream = new PassThrough();
  const logger = createLogger({ service: 'test', level: 'info', format: 'json', stream });
  logger.info('A row was written', { [key]: 'planted', nested: { [key]: ['planted'] } });
  await new Promise(setImmediate);
  return String(stream.read());
}

describe('column of secrets or content', () => {
  it('is redacted in logs under its own name', async () => {
    const tables: [string, TableEntry][] = Object.entries(DATA_MAP);
    const readable: string[] = [];
    let count = 0;
    for (const [table, { columns }] of tables) {
      for (const [column, entry] of Object.entries(columns)) {
        if (!['secret', 'content'].includes(classOf(entry))) continue;
        count += 1;
        const line = await logged(column);
        expect(line).toContain('A row was written');
        if (line.includes('planted')) readable.push(`${table}.${column}`);
      }
    }
    expect(count).toBeGreaterThan(6);
    expect(readable).toEqual(Object.keys(LOGGED_BY_NAME));
  });
});

function classOf(entry: ColumnEntry): string {
  return typeof entry === 'string' ? entry : entry.dataClass;
}
