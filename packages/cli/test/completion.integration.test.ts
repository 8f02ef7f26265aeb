import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithProgram } from '@aion/testkit';
import { runHere } from './support/run-here.ts';

const ZSH_OFFERS = join(import.meta.dirname, 'support/offers.zsh');
const OFFERS: readonly (readonly [line: string, words: readonly string[]])[] = [
  ['aion stat', ['status']],
  ['aion api-keys ', ['create', 'get', 'help', 'list', 'revoke', 'update']],
  ['aion api-keys create --sc', ['--scope']],
  ['aion api-keys create --scope exports:r', ['exports:read']],
  ['aion completion ', ['bash', 'fish', 'zsh']],
  ['aion tenants create --name ', []],
];
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aion-completion-'));
  for (const shell of ['bash', 'zsh', 'fish']) {
    await writeFile(join(folder, `aion.${shell}`), (await runHere(['completion', shell])).stdout);
  }
});
afterEach(async () => {
  // No typed text was evaluated.
  expect(await readdir(folder)).toEqual(['aion.bash', 'aion.fish', 'aion.zsh']);
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs a shell in the folder and returns the lines that it prints, sorted as a shell sorts its list. */
function runShell(shell: string, ...args: readonly string[]): string[] {
  const output = execFileSync(shell, args, { cwd: folder, encoding: 'utf8' });
  return output.split('\n').filter(Boolean).toSorted();
}

/** Completes a line in bash, split at spaces and colons as readline does, and returns the words that readline shows. */
function completeInBash(line: string): string[] {
  const words = line.split(/(?<=:)|(?=:)| /);
  const script = `
    source "$1"
    COMP_WORDBREAKS=$' \\t\\n:' COMP_LINE=$2 COMP_POINT=\${#2} COMP_WORDS=("\${@:3}") COMP_CWORD=$(($# - 3))
    _aion 2> /dev/null
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const before = /\S+:$/.exec(line.slice(0, line.lastIndexOf(':') + 1))?.[0] ?? '';
  const offers = runShell('bash', '--norc', '-c', script, 'bash', 'aion.bash', line, ...words);
  return offers.map((offer) => `${before}${offer}`);
}

function completeInZsh(zsh: string, line: string): string[] {
  const answers = mkdtempSync(join(tmpdir(), 'aion-offers-'));
  try {
    return runShell(zsh, '-f', ZSH_OFFERS, join(folder, 'aion.zsh'), line, join(answers, 'offers'));
  } finally {
    rmSync(answers, { recursive: true });
  }
}

/** Completes a line in fish, which prints the description of each word after a tab. */
function completeInFish(fish: string, line: string): string[] {
  const script = 'source aion.fish; complete -C $argv[1]';
  return runShell(fish, '--no-config', '-c', script, line).map((offer) => offer.replace(/\t.*$/, ''));
}

/** Tests of every shell. */
function itCompletes(complete: (line: string) => string[]): void {
  it.each(OFFERS)('offers the matching words for "%s"', (line, words) => {
    expect(complete(line)).toEqual(words);
  });

  it('evaluates no typed text', () => {
    expect(complete('aion api-keys create --name $(touch pwned) --sc')).toEqual(['--scope']);
  });
}

/** Tests of the completion of files, which in bash is done by readline instead of the script. */
function itCompletesFiles(complete: (line: string) => string[]): void {
  it.each([['aion verify aion.f'], ['aion api-keys create --key-file aion.f']])('offers files for "%s"', (line) => {
    expect(complete(line)).toEqual(['aion.fish']);
  });
}

describe('completion in bash', () => {
  itCompletes(completeInBash);
});

describeWithProgram('zsh', 'completion in zsh', (zsh) => {
  const complete = (line: string): string[] => completeInZsh(zsh, line);
  itCompletes(complete);
  itCompletesFiles(complete);
});

describeWithProgram('fish', 'completion in fish', (fish) => {
  const complete = (line: string): string[] => completeInFish(fish, line);
  itCompletes(complete);
  itCompletesFiles(complete);
});
