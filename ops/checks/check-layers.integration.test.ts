import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { checkLayers } from './check-layers.ts';

describe('checkLayers', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'aion-layers-'));
    for (const folder of ['packages', 'services', 'ops']) mkdirSync(join(root, folder));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };

  it('passes a graph without violations', async () => {
    write('packages/errors/src/a.ts', 'export const a = 1;\n');
    write('packages/http/src/b.ts', "export { a } from '../../errors/src/a.ts';\n");
    const report = await checkLayers(root, {
      expectedEdges: [['packages/http', 'packages/errors']],
      cycleExceptions: [],
    });
    expect(report).toEqual({ modules: 2, violations: [] });
  });

  it.each(['database/a.ts', 'snapshots/a.ts', 'bootstrap.ts', 'outbox/outbox-listener.ts'])(
    'permits %s of database-gateway to import pg',
    async (path) => {
      write('node_modules/pg/index.js', 'export const b = 1;\n');
      const from = `services/database-gateway/src/${path}`;
      write(
        from,
        `import { b } from '${'../'.repeat(dirname(from).split('/').length)}node_modules/pg/index.js';\nexport { b };\n`,
      );
      expect((await checkLayers(root, { expectedEdges: [], cycleExceptions: [] })).violations).toEqual([]);
    },
  );

  it.each([
    ['packages/errors/src/a.ts', 'packages/http/src/b.ts', 'imports-upwards'],
    ['services/web-api/src/a.ts', 'services/ai-engine/src/b.ts', 'siblings-apart'],
    ['packages/http/src/a.ts', 'packages/testkit/src/b.ts', 'testkit-in-tests'],
    ['ops/generate/a.ts', 'services/web-api/src/create-web-api.ts', 'ops-reads-only-declarations'],
    ['packages/http/src/a.ts', 'node_modules/knex/index.js', 'database-in-its-gateway'],
    ['services/database-gateway/src/files/a.ts', 'node_modules/pg/index.js', 'database-in-its-folders'],
    ['services/database-gateway/src/outbox/a.ts', 'node_modules/pg-copy-streams/index.js', 'database-in-its-folders'],
    [
      'services/database-gateway/src/files/a.ts',
      'services/database-gateway/src/database/connection-pool.ts',
      'connections-in-their-folders',
    ],
    [
      'services/web-api/src/a.ts',
      'node_modules/@opentelemetry/sdk-trace-node/index.js',
      'opentelemetry-sdk-in-one-file',
    ],
    [
      'ops/bench/subjects/log-lines.ts',
      'node_modules/@opentelemetry/instrumentation-http/index.js',
      'opentelemetry-sdk-in-one-file',
    ],
    [
      'ops/bench/subjects/instrumented-express.ts',
      'node_modules/@opentelemetry/sdk-trace-node/index.js',
      'opentelemetry-sdk-in-one-file-bench',
    ],
    ['services/web-api/src/a.ts', 'node_modules/pino/index.js', 'benchmark-peers-in-bench'],
  ])('fails when %s imports %s', async (from, to, rule) => {
    write(to, 'export const b = 1;\n');
    const up = '../'.repeat(dirname(from).split('/').length);
    write(from, `import { b } from '${up}${to}';\nexport const a = b;\n`);
    const { violations } = await checkLayers(root, { expectedEdges: [], cycleExceptions: [] });
    expect(violations.join('\n')).toContain(rule);
  });

  it('fails on a cycle between folders, type-only imports included', async () => {
    write('packages/http/src/x/a.ts', "import { b } from '../y/b.ts';\nexport const a = b;\n");
    write('packages/http/src/x/c.ts', 'export type C = 1;\n');
    write('packages/http/src/y/b.ts', 'export const b = 1;\n');
    write('packages/http/src/y/d.ts', "import type { C } from '../x/c.ts';\nexport const d: C = 1;\n");
    const { violations } = await checkLayers(root, { expectedEdges: [], cycleExceptions: [] });
    expect(violations.join('\n')).toMatch(/^folder-cycle: .*y\/d\.ts -> packages\/http\/src\/x\/c\.ts/);
  });

  it('fails on an empty graph', async () => {
    const { violations } = await checkLayers(root);
    expect(violations.join('\n')).toContain('expected-edge');
  });
});
