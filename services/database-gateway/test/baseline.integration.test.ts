import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { describeWithProgram } from '@aion/testkit';
import { BASELINE } from '../src/baseline/index.ts';
import { migrate } from '../src/database/migrate.ts';
import { MIGRATIONS, type Migration } from '../src/migrations/index.ts';
import { createBootstrappedDatabase, runSql } from './support/bootstrapped-database.ts';
import { majorOfDump } from './support/copy-by-dump.ts';
import { describeSchema } from './support/describe-schema.ts';
import { OLDER_POSTGRES, startOlderPostgres, type OlderPostgres } from './support/older-postgres.ts';
import { silentLogger } from './support/test-database.ts';

const digestOf = (lines: readonly string[]) => createHash('sha256').update(lines.join('\n')).digest('hex');

async function withSchema<T>(migrations: readonly Migration[], run: (url: string) => Promise<T> | T): Promise<T> {
  const db = await createBootstrappedDatabase();
  try {
    await migrate({ url: db.migrationUrl, logger: silentLogger, migrations });
    return await run(db.superuserUrl);
  } finally {
    await db.drop();
  }
}

/** Dumps definitions only; without the random key that dumps of psql carry. */
const dump = (pgDump: string) => (url: string) =>
  execFileSync(pgDump, ['--schema-only', url], { encoding: 'utf8', maxBuffer: 32 * 1_048_576 })
    .split('\n')
    .filter((line) => !/^\\(un)?restrict /.test(line));

describe('on the PostgreSQL of this run', () => describeBaseline('postgres-18'));
for (const version of OLDER_POSTGRES) {
  describeWithProgram(version, `on ${version}`, (program) => describeBaseline(version, program));
}

function describeBaseline(which: string, program?: string): void {
  let server: OlderPostgres | undefined;
  const givenUrl = process.env['AION_TEST_POSTGRES_URL'];
  beforeAll(async () => {
    if (program === undefined) return;
    server = await startOlderPostgres(program);
    process.env['AION_TEST_POSTGRES_URL'] = server.url;
  }, 60_000);
  afterAll(async () => {
    if (givenUrl !== undefined) process.env['AION_TEST_POSTGRES_URL'] = givenUrl;
    await server?.stop();
  });

  it('baseline and earlier migrations produce the same schema', async () => {
    const earlier = await withSchema(MIGRATIONS, describeSchema);
    const baseline = await withSchema(BASELINE, describeSchema);
    process.stdout.write(
      `${which}: earlier ${digestOf(earlier)}, ${earlier.length} objects\n` +
        `${which}: baseline ${digestOf(baseline)}, ${baseline.length} objects\n`,
    );
    expect(baseline).toEqual(earlier);
    expect(baseline.length).toBeGreaterThan(2_000);
  }, 60_000);

  it('digest changes with a policy, a grant, a default, an index and a function', async () => {
    const digests = await withSchema(BASELINE, async (url) => {
      const seen = [digestOf(await describeSchema(url))];
      for (const change of [
        'ALTER POLICY budgets_isolation ON budgets USING (true)',
        'GRANT DELETE ON audit_events TO aion_app',
        'ALTER TABLE tenants ALTER COLUMN store_content SET DEFAULT false',
        'DROP INDEX files_by_name',
        'ALTER FUNCTION fold_usage(integer) SECURITY INVOKER',
      ]) {
        await runSql(url, change);
        seen.push(digestOf(await describeSchema(url)));
      }
      return seen;
    });
    expect(new Set(digests).size).toBe(6);
  }, 60_000);

  describeWithProgram('pg_dump', 'with a dump', (pgDump) => {
    if (which !== `postgres-${majorOfDump(pgDump)}`) return;
    it('baseline and earlier migrations have the same dump', async () => {
      const earlier = await withSchema(MIGRATIONS, dump(pgDump));
      const baseline = await withSchema(BASELINE, dump(pgDump));
      process.stdout.write(
        `${which}: pg_dump earlier ${digestOf(earlier)}, ${earlier.length} lines\n` +
          `${which}: pg_dump baseline ${digestOf(baseline)}, ${baseline.length} lines\n`,
      );
      expect(baseline).toEqual(earlier);
    }, 60_000);
  });
}
