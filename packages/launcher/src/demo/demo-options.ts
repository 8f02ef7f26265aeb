import { resolve } from 'node:path';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { LauncherError } from '../platform/launcher-error.ts';

/** What the demo is asked for. */
export interface DemoOptions {
  /** Stop at the end instead of staying up. */
  readonly once: boolean;
  /** Where the evidence is written. */
  readonly json: string | undefined;
  readonly input: string;
  readonly redis: string | undefined;
  /** True: a language model must be there; false: none is used; absent: one is used when it is there. */
  readonly model: boolean | undefined;
  readonly port: number | undefined;
  readonly reset: boolean;
  readonly stateDir: string;
}

const EXAMPLES = `
Examples:
  $ pnpm demo                     the whole story, then the platform stays up
  $ pnpm demo --once              the story alone; exit code 0 when every check passed, else 1
  $ pnpm demo --input my.jsonl    your own requests, one OpenAI chat request a line
  $ pnpm demo --port 18080        services on 18080 to 18083, admin ports 18090 to 18093

Environment:
  DATABASE_URL                    superuser URL of a PostgreSQL server instead of the embedded one
  REDIS_URL                       the same as --redis
  OBJECT_STORE_URL                s3://bucket?endpoint=... instead of a directory
  OPENAI_API_KEY, OPENAI_BASE_URL register a provider, whose models the requests may name
  OTEL_EXPORTER_OTLP_ENDPOINT     where spans go; without it the demo prints them
`;

/**
 * Parses the arguments; paths are resolved against the directory that the caller stands in.
 * @returns undefined when help was asked for and printed
 * @throws LauncherError with exit code 2
 */
export function parseDemoOptions(
  args: readonly string[],
  paths: { readonly callerDir: string; readonly checkoutDir: string },
): DemoOptions | undefined {
  const command = createCommand();
  try {
    command.parse(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined;
    throw new LauncherError(error.message.replace(/^error: /, ''), { exitCode: 2, cause: error });
  }
  const values = command.opts<RawOptions>();
  const own = (path: string): string => resolve(paths.callerDir, path);
  return {
    once: values.once ?? false,
    json: values.json === undefined ? undefined : own(values.json),
    input: values.input === undefined ? resolve(paths.checkoutDir, 'examples/conversations.jsonl') : own(values.input),
    redis: values.redis,
    model: values.model,
    port: values.port,
    reset: values.reset ?? false,
    stateDir: values.stateDir === undefined ? resolve(paths.checkoutDir, '.aion') : own(values.stateDir),
  };
}

interface RawOptions {
  readonly once?: boolean;
  readonly json?: string;
  readonly input?: string;
  readonly redis?: string;
  readonly model?: boolean;
  readonly port?: number;
  readonly reset?: boolean;
  readonly stateDir?: string;
}

function createCommand(): Command {
  return new Command('pnpm demo')
    .description('Starts the platform, serves completions, exports a tenant, verifies the bundle and shows the trace.')
    .option('--once', 'stop at the end; exit code 0 when every check passed, else 1')
    .option('--json <file>', 'write the evidence: responses, export, trace, timings, checks')
    .option('--input <file>', 'JSON Lines of OpenAI chat requests (default: examples/conversations.jsonl)')
    .option('--redis <url>', 'queues on Redis instead of PostgreSQL')
    .addOption(new Option('--model', 'answer with the GGUF model of .aion/models; fail when there is none'))
    .addOption(new Option('--no-model', 'answer with the built-in extractive model'))
    .option('--port <number>', 'web-api on N, the others on N+1 to N+3, admin ports on N+10 to N+13', parsePort)
    .option('--reset', 'delete the data of earlier runs first; models stay')
    .option('--state-dir <dir>', 'where data, logs, keys and models are kept (default: .aion)')
    .addHelpText('after', EXAMPLES)
    .allowExcessArguments(false)
    .configureOutput({ writeErr: () => undefined })
    .exitOverride();
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1 && port <= 65_535) return port;
  throw new InvalidArgumentError('Give a port number.');
}
