import { catalogue } from './catalogue.ts';

const VERSION_OUTPUTS: Record<string, [output: string, version: string]> = {
  'redis-server': ['Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=1', '7.0.15'],
  age: ['v1.2.1', '1.2.1'],
  zstd: ['*** Zstandard CLI (64-bit) v1.5.4, by Yann Collet ***', '1.5.4'],
  'ssh-keygen': ['OpenSSH_9.2p1 Debian-2+deb12u6, OpenSSL 3.0.19 27 Jan 2026', '9.2p1'],
  zsh: ['zsh 5.9 (x86_64-debian-linux-gnu)', '5.9'],
  fish: ['fish, version 3.6.0', '3.6.0'],
  pg_dump: ['pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)', '15.18'],
  moto_server: ['5.2.5', '5.2.5'],
  schemathesis: ['schemathesis, version 4.32.5', '4.32.5'],
  prometheus: ['prometheus, version 2.42.0+ds (branch: debian/sid, revision: 2.42.0+ds-5+b5)', '2.42.0'],
  alertmanager: ['alertmanager, version 0.25.0 (branch: debian/sid, revision: 0.25.0-1+b4)', '0.25.0'],
  'postgres-15': ['postgres (PostgreSQL) 15.18', '15.18'],
  'postgres-16': ['postgres (PostgreSQL) 16.14', '16.14'],
  'postgres-17': ['postgres (PostgreSQL) 17.10', '17.10'],
  jaeger: ['{"gitCommit":"","gitVersion":"v1.76.0","buildDate":""}', '1.76.0'],
};

describe('catalogue', () => {
  it('contains each tool once', () => {
    const names = catalogue.map((tool) => tool.name);
    expect(new Set(names).size).toBe(names.length);
  });

  it('parses the version from the output of each program', () => {
    const read: Record<string, [string, string | undefined]> = {};
    for (const tool of catalogue) {
      if (tool.kind === 'wheel') continue;
      const output = VERSION_OUTPUTS[tool.name]?.[0] ?? '';
      read[tool.name] = [output, tool.version.pattern.exec(output)?.[1]];
    }
    expect(read).toEqual(VERSION_OUTPUTS);
  });

  it('pins files by a complete SHA-256 and excludes large ones from the default set', () => {
    const wheels = catalogue.filter((tool) => tool.kind === 'wheel');
    expect(wheels.map((tool) => tool.name)).toEqual(['smollm2']);
    for (const tool of wheels) {
      expect(tool.sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(tool.optional).toBe(true);
    }
  });
});
