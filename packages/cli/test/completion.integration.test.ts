import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runHere } from './support/run-here.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aion-completion-'));
  await writeFile(join(folder, 'aion.bash'), (await runHere(['completion', 'bash'])).stdout);
});
afterAll(() => rm(folder, { recursive: true }));

/** What bash offers at the end of a line, which readline has broken at spaces and colons. */
function complete(line: string): string[] {
  const words = line.split(/(?<=:)|(?=:)| /);
  const script = `
    source "$1"
    COMP_WORDBREAKS=$' \\t\\n:' COMP_LINE=$2 COMP_POINT=\${#2} COMP_WORDS=("\${@:3}") COMP_CWORD=$(($# - 3))
    _aion 2> /dev/null
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const output = execFileSync('bash', ['--norc', '-c', script, 'bash', join(folder, 'aion.bash'), line, ...words]);
  return output.toString().split('\n').filter(Boolean);
}

describe('completion in bash', () => {
  it.each([
    ['aion stat', ['status']],
    ['aion api-keys ', ['list', 'create', 'get', 'update', 'revoke', 'help']],
    ['aion api-keys create --sc', ['--scope']],
    ['aion api-keys create --scope exports:r', ['read']],
    ['aion completion ', ['bash', 'zsh', 'fish']],
    ['aion tenants create --name ', []],
  ])('offers for "%s" what fits', (line, words) => {
    expect(complete(line)).toEqual(words);
  });

  it('evaluates nothing that was typed', () => {
    const typed = `aion api-keys create --name $(touch ${join(folder, 'pwned')}) --sc`;
    expect(complete(typed)).toEqual(['--scope']);
    expect(execFileSync('ls', [folder]).toString()).toBe('aion.bash\n');
  });
});
