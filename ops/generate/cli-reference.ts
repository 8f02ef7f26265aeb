import { createProgram, EXIT_CODES } from '@aion/cli';

type Command = ReturnType<typeof createProgram>;

/** Every command of `aion`, and its exit codes, as Markdown tables. */
export function createCliReference(): string {
  return [
    '| command | does |',
    '| --- | --- |',
    ...listCommands(createProgram(), 'aion').map(([usage, summary]) => `| \`${usage}\` | ${summary} |`),
    '',
    '| exit code | means |',
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
