import { createProgram, EXIT_CODES } from '@aion/cli';

type Command = ReturnType<typeof createProgram>;

/** Creates Markdown tables of every command of `aion` and of its exit codes. */
export function createCliReference(): string {
  return [
    '| command | does |',
    '| --- | --- |',
    ...listCommands(createProgram(), 'aion').map(([usage, summary]) => `| \`${usage}\` | ${summary} |`),
    '',
    '| exit code | meaning |',
    '| --- | --- |',
    ...EXIT_CODES.map(([code, meaning]) => `| ${code} | ${meaning} |`),
  ].join('\n');
}

function listCommands(command: Command, words: string): [usage: string, summary: string][] {
  return command.commands.flatMap((child): [string, string][] => {
    const name = `${words} ${child.name()}`;
    if (child.commands.length > 0) return listCommands(child, name);
    const args = child.registeredArguments.map((argument) => ` <${argument.name()}>`).join('');
    return [[name + args, child.summary() === '' ? child.description() : child.summary()]];
  });
}
