import { catalogue } from './catalogue.ts';
import { selectTools } from './select-tools.ts';

const names = (selected: { name: string }[]): string[] => selected.map((tool) => tool.name);

describe('selectTools', () => {
  it('returns the default set without optional tools when no names are given', () => {
    const selected = names(selectTools(catalogue, { names: [], all: false }));
    expect(selected).toEqual([
      'redis-server',
      'age',
      'zstd',
      'ssh-keygen',
      'zsh',
      'fish',
      'pg_dump',
      'moto_server',
      'schemathesis',
      'prometheus',
      'jaeger',
      'postgres-15',
      'postgres-16',
      'postgres-17',
    ]);
  });

  it('returns optional tools when they are named or `all` is set', () => {
    expect(names(selectTools(catalogue, { names: ['smollm2'], all: false }))).toEqual(['smollm2']);
    expect(names(selectTools(catalogue, { names: [], all: true }))).toContain('smollm2');
  });

  it('returns a tool once when it is named twice', () => {
    expect(names(selectTools(catalogue, { names: ['zstd', 'age', 'zstd'], all: false }))).toEqual(['age', 'zstd']);
  });

  it('throws an error that lists unknown and known tools', () => {
    expect(() => selectTools(catalogue, { names: ['redis', 'zstd', 'foo'], all: true })).toThrow(
      "unknown tools 'redis', 'foo'; known tools: redis-server, age, zstd, ssh-keygen, zsh, fish, pg_dump, moto_server, schemathesis, prometheus, alertmanager, jaeger, postgres-15, postgres-16, postgres-17, smollm2",
    );
  });
});
