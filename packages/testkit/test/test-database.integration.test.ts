import pg from 'pg';
import { createTestDatabase, prepareTemplateDatabase } from '@aion/testkit';
import type { TestDatabase } from '@aion/testkit';

const databases: TestDatabase[] = [];

afterEach(async () => {
  await Promise.all(databases.splice(0).map((database) => database.drop()));
});

async function create(template?: string): Promise<TestDatabase> {
  const database = await createTestDatabase(template === undefined ? {} : { template });
  databases.push(database);
  return database;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows }: { rows: unknown[] } = await client.query(sql);
    return rows;
  } finally {
    await client.end();
  }
}

describe('createTestDatabase', () => {
  it('creates separate databases', async () => {
    const [a, b] = await Promise.all([create(), create()]);
    await query(a.url, 'create table only_here ()');
    await expect(query(b.url, 'select from only_here')).rejects.toThrow('does not exist');
  });

  it('drops a database that is in use, and tolerates a second drop', async () => {
    const database = await create();
    const client = new pg.Client({ connectionString: database.url });
    client.on('error', () => undefined);
    await client.connect();
    await database.drop();
    await database.drop();
    await expect(query(database.url, 'select 1')).rejects.toThrow('does not exist');
  });
});

describe('prepareTemplateDatabase', () => {
  it('prepares a template once for concurrent callers, and each caller gets a copy', async () => {
    let prepared = 0;
    const template = `template_once_${process.pid}`;
    const prepare = async (url: string) => {
      prepared++;
      await query(url, 'create table kept as select 42 as answer');
    };
    const clones = await Promise.all(
      Array.from({ length: 4 }, async () => {
        await prepareTemplateDatabase(template, prepare);
        return create(template);
      }),
    );
    expect(prepared).toBe(1);
    for (const clone of clones) expect(await query(clone.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  it('prepares a template again after a failed preparation', async () => {
    const template = `template_again_${process.pid}`;
    const failing = prepareTemplateDatabase(template, async (url) => {
      await query(url, 'create table half ()');
      throw new Error('no luck');
    });
    await expect(failing).rejects.toThrow('no luck');
    await prepareTemplateDatabase(template, async (url) => {
      await query(url, 'create table whole ()');
    });
    const { url } = await create(template);
    await expect(query(url, 'select from half')).rejects.toThrow('does not exist');
    await query(url, 'select from whole');
  });
});
