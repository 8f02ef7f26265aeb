import { cruise, type ICruiseResult, type IForbiddenRuleType } from 'dependency-cruiser';
import { findFolderCycles, FOLDER_CYCLE_EXCEPTIONS } from './find-folder-cycles.ts';

/** Layers from the bottom up. A file imports only from its own layer and those below. */
const LAYERS: readonly (readonly string[])[] = [
  ['packages/errors', 'packages/config'],
  ['packages/contracts'],
  ['packages/tracing', 'packages/metrics'],
  ['packages/logging'],
  [
    'packages/http',
    'packages/client',
    'packages/queue',
    'packages/object-store',
    'packages/bundle',
    'packages/audit-chain',
    'packages/encryption',
    'packages/embedded',
  ],
  ['packages/testkit'],
  [
    'packages/launcher',
    'packages/cli',
    'services/web-api',
    'services/ai-engine',
    'services/database-gateway',
    'services/data-export',
  ],
  ['packages/e2e', 'ops'],
];

/** Imports that exist. A missing one means that the graph was not read, so the absence of violations proves nothing. */
const EXPECTED_EDGES: readonly (readonly [from: string, to: string])[] = [
  ['packages/logging/src', 'packages/tracing/src'],
  ['packages/http/src', 'packages/contracts/src'],
  ['services/web-api/src', 'packages/http/src'],
  ['services/ai-engine/src', 'packages/contracts/src'],
  ['services/database-gateway/src', 'packages/queue/src'],
  ['services/data-export/src', 'packages/bundle/src'],
  ['services/database-gateway/src/outbox/outbox-listener.ts', 'node_modules/.pnpm/pg@'],
  ['packages/queue/test', 'packages/testkit/src'],
  ['packages/cli/src', 'packages/client/src'],
  ['packages/cli/src', 'packages/bundle/src'],
  ['packages/e2e/test', 'packages/launcher/src'],
];

const TESTS = String.raw`(\.test\.ts$|^(packages|services)/[^/]+/test/|jest\.config\.mjs$)`;
const within = (folders: readonly string[]): string => `^(${folders.join('|')})/`;

const upwards: readonly IForbiddenRuleType[] = LAYERS.slice(0, -1).map((layer, index) => ({
  name: `layer-${index}-imports-upwards`,
  severity: 'error',
  comment: `${layer.join(', ')} may only import their own layer and those below`,
  from: { path: within(layer), pathNot: TESTS },
  to: { path: within(LAYERS.slice(index + 1).flat()) },
}));

const RULES: readonly IForbiddenRuleType[] = [
  ...upwards,
  {
    name: 'siblings-apart',
    severity: 'error',
    comment: 'services, the launcher and the command line never import each other',
    from: { path: '^(services/[^/]+|packages/launcher|packages/cli)/' },
    to: { path: '^(services/[^/]+|packages/launcher|packages/cli)/', pathNot: '^$1/' },
  },
  {
    name: 'ops-reads-only-declarations',
    severity: 'error',
    comment: 'the generator reads declarations of services, not their code',
    from: { path: '^ops/' },
    to: { path: '^services/', pathNot: String.raw`/src/(config|data-map/[a-z-]+|database/find-operation)\.ts$` },
  },
  {
    name: 'opentelemetry-sdk-in-one-file',
    severity: 'error',
    from: {
      pathNot: [
        String.raw`^packages/tracing/src/start-tracing\.ts$`,
        String.raw`^ops/bench/subjects/instrumented-express\.ts$`,
      ],
    },
    to: { path: 'node_modules/@opentelemetry/(?!api(/|$))' },
  },
  {
    name: 'opentelemetry-sdk-in-one-file-bench',
    severity: 'error',
    comment: 'the benchmark loads the instrumentations that it compares AION with, but no SDK',
    from: { path: String.raw`^ops/bench/` },
    to: { path: 'node_modules/@opentelemetry/(?!(api|instrumentation[a-z-]*|auto-instrumentations-node)(/|$))' },
  },
  {
    name: 'benchmark-peers-in-bench',
    severity: 'error',
    comment: 'libraries that AION is compared with are not part of AION',
    from: { pathNot: '^ops/bench/' },
    to: { path: 'node_modules/(express-prom-bundle|pino)/' },
  },
  {
    name: 'database-in-its-gateway',
    severity: 'error',
    comment: 'only database-gateway accesses application data; queue and embedded use PostgreSQL for other data',
    from: {
      path: '^(packages|services)/',
      pathNot: `${TESTS}|^(services/database-gateway|packages/(queue|embedded|testkit))/`,
    },
    to: { path: 'node_modules/(knex|pg|pg-copy-streams)/' },
  },
  {
    name: 'database-in-its-folders',
    severity: 'error',
    comment: 'all other access to tenant tables goes through Database, which sets the tenant',
    from: {
      path: '^services/database-gateway/src/',
      pathNot: `${TESTS}|^services/database-gateway/src/((database|snapshots|migrations)/|(bootstrap|outbox/outbox-listener)[.]ts$)`,
    },
    to: { path: 'node_modules/(knex|pg|pg-copy-streams)/' },
  },
  {
    name: 'connections-in-their-folders',
    severity: 'error',
    comment: 'a pooled connection has no tenant set; the composition root only creates the pools',
    from: {
      path: '^services/database-gateway/src/',
      pathNot: `${TESTS}|^services/database-gateway/src/((database|snapshots)/|create-parts[.]ts$)`,
    },
    to: { path: '^services/database-gateway/src/database/connection-pool[.]ts$' },
  },
  {
    name: 'models-in-ai-engine',
    severity: 'error',
    from: { pathNot: '^services/ai-engine/' },
    to: { path: 'node_modules/(node-llama-cpp|gpt-tokenizer)/' },
  },
  {
    name: 'testkit-in-tests',
    severity: 'error',
    from: { pathNot: `${TESTS}|^(packages/testkit|ops)/` },
    to: { path: '^packages/testkit/' },
  },
  { name: 'no-cycle', severity: 'error', from: {}, to: { circular: true } },
  { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
];

/** Result of the check. */
export interface LayerReport {
  readonly modules: number;
  readonly violations: readonly string[];
}

/** Reads the import graph below a folder and checks it for violations of the layers and cycles between folders. */
export async function checkLayers(
  root: string,
  { expectedEdges = EXPECTED_EDGES, cycleExceptions = FOLDER_CYCLE_EXCEPTIONS } = {},
): Promise<LayerReport> {
  const { output } = await cruise(
    ['packages', 'services', 'ops'],
    {
      baseDir: root,
      ruleSet: { forbidden: [...RULES] },
      validate: true,
      doNotFollow: { path: 'node_modules' },
      exclude: { path: String.raw`(^|/)(\.aion|coverage)/` },
      tsPreCompilationDeps: true,
    },
    { extensions: ['.ts', '.mjs', '.js'], exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  );
  if (typeof output === 'string')
    throw new Error(`dependency-cruiser returned text instead of modules: ${output.slice(0, 200)}`);
  const { modules, summary } = output satisfies ICruiseResult;
  const missing = expectedEdges.filter(([from, to]) => {
    const sources = modules.filter((module) => module.source.startsWith(from));
    return !sources.some((module) => module.dependencies.some((dependency) => dependency.resolved.startsWith(to)));
  });
  const edges = modules.flatMap(({ source, dependencies }) =>
    dependencies.map(({ resolved }) => ({ from: source, to: resolved })),
  );
  return {
    modules: modules.length,
    violations: [
      ...summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`),
      ...missing.map(([from, to]) => `expected-edge: the graph shows no import from ${from} to ${to}`),
      ...findFolderCycles(edges, cycleExceptions),
    ],
  };
}
