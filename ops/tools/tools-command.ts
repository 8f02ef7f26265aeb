import { createColors } from 'picocolors';
import { catalogue } from './catalogue.ts';
import { installTools } from './install-tools.ts';
import { parseArguments, USAGE } from './parse-arguments.ts';
import { createProgress } from './progress.ts';
import { listTools, renderList } from './render-list.ts';
import { selectTools } from './select-tools.ts';
import { createAptPackages } from './system-packages.ts';
import { UnknownToolError, WrongOptionError } from './tool-errors.ts';
import { administratorCommand } from './tool-result.ts';
import { toolVersions } from './tool-versions.ts';
import { toolsBin } from './tools-cache.ts';
import type { ToolsArguments } from './parse-arguments.ts';
import type { Tool } from './tool.ts';

/** Output stream such as `process.stdout`. */
export interface ToolsOutput {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

/** Options of {@link runToolsCommand}: the parts of the process that it uses. */
export interface ToolsCommandOptions {
  args: string[];
  env: NodeJS.ProcessEnv;
  platform: NodeJS.Platform;
  isRoot: boolean;
  stdout: ToolsOutput;
  stderr: ToolsOutput;
  signal?: AbortSignal;
}

/** Runs `pnpm tools:install`; returns its exit code: 0, 1 when a tool failed, 2 for a wrong command line. */
export async function runToolsCommand(options: ToolsCommandOptions): Promise<number> {
  let parsed: ToolsArguments;
  let tools: Tool[];
  try {
    parsed = parseArguments(options.args);
    tools = selectTools(catalogue, { ...parsed, all: parsed.all || (parsed.list && parsed.names.length === 0) });
  } catch (error) {
    if (!(error instanceof WrongOptionError || error instanceof UnknownToolError)) throw error;
    options.stderr.write(`${error.message}\n\n${USAGE}`);
    return 2;
  }
  if (parsed.help) {
    options.stdout.write(USAGE);
    return 0;
  }
  return parsed.list ? printList(tools, parsed, options) : install(tools, parsed, options);
}

async function printList(tools: Tool[], parsed: ToolsArguments, options: ToolsCommandOptions): Promise<number> {
  const names = tools.map((tool) => tool.name);
  const listings = listTools(tools, await toolVersions(names, options.env));
  options.stdout.write(parsed.json ? `${JSON.stringify(listings, null, 2)}\n` : renderList(listings));
  return 0;
}

async function install(tools: Tool[], parsed: ToolsArguments, options: ToolsCommandOptions): Promise<number> {
  const output = parsed.json ? options.stderr : options.stdout;
  const isTerminal = output.isTTY === true;
  const progress = createProgress({
    write: (text) => void output.write(text),
    columns: isTerminal ? (output.columns ?? 80) : null,
    colors: createColors(isTerminal && options.env['NO_COLOR'] === undefined),
    nameWidth: Math.max(...tools.map((tool) => tool.name.length)),
  });
  try {
    const system = createAptPackages(options);
    const results = await installTools({ ...options, tools, system, reporter: progress });
    progress.stop();
    if (parsed.json) options.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
    const command = administratorCommand(results, options.platform);
    if (command !== null)
      output.write(
        `\nInstalling these packages requires administrator rights. Run, or use your package manager:\n  ${command}\n`,
      );
    const failed = results.filter((result) => result.state === 'failed').length;
    const cached = results.some((result) => result.path?.startsWith(toolsBin(options.env)) === true);
    if (cached) output.write(`\nCached programs are in ${toolsBin(options.env)}\n`);
    if (failed > 0) output.write(`\n${failed} of ${results.length} tools failed\n`);
    return failed > 0 ? 1 : 0;
  } finally {
    progress.stop();
  }
}
