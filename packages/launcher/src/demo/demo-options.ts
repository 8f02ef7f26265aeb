import { resolve } from 'node:path';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { LauncherError } from '../platform/launcher-error.ts';

/** Options of the demo. */
export interface DemoOptions {
  /** True: stop at the end instead of keeping the platform running. */
  readonly once: boolean;
  /** Path of the evidence file. */
  readonly json: string | undefined;
  readonly input: string;
  readonly redis: string | undefined;
  /** True: require a language model; false: use none; undefined: use one if present. */
  readonly model: boolean | undefined;
  readonly port: number | undefined;
  readonly reset: boolean;
  readonly stateDir: string;
}

const EXAMPLES = `
Examples:
  $ pnpm demo                     runs all steps, then keeps the platform running
  $ pnpm demo --once              runs all steps and stops; exit code 0 if every check passed, otherwise 1
  $ pnpm demo --input my.jsonl    your own requests, one OpenAI chat request per line
  $ pnpm demo --port 18080        services on 18080 to 18083, admin ports 18090 to 18093

Environment:
  DATABASE_URL                    superuser URL of a PostgreSQL server to use instead of the embedded one
  REDIS_URL                       the same as --redis
  OBJECT_STORE_URL                s3://bucket?endpoint=... instead of a directory
  OPENAI_API_KEY, OPENAI_BASE_URL register a provider; requests may name its models
  OTEL_EXPORTER_OTLP_ENDPOINT     receiver of spans; without it the demo prints the trace
`;

/**
 * Parses the arguments; paths are resolved against the directory of the caller.
 * @returns undefined if help was requested and printed
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
  const resolvePath = (path: string): string => resolve(paths.callerDir, path);
  return {
    once: values.once ?? false,
    json: values.json === undefined ? undefined : resolvePath(values.json),
    input:
      values.input === undefined
        ? resolve(paths.checkoutDir, 'examples/conversations.jsonl')
        : resolvePath(values.input),
    redis: values.redis,
    model: values.model,
    port: values.port,
    reset: values.reset ?? false,
    stateDir: values.stateDir === undefined ? resolve(paths.checkoutDir, '.aion') : resolvePath(values.stateDir),
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
    .description(
      'Starts the platform, requests completions, exports a tenant, verifies the bundle and shows the trace.',
    )
    .option('--once', 'stop at the end; exit code 0 if every check passed, otherwise 1')
    .option('--json <file>', 'write the evidence: responses, export, trace, timings, checks')
    .option('--input <file>', 'JSON Lines of OpenAI chat requests (default: examples/conversations.jsonl)')
    .option('--redis <url>', 'queues on Redis instead of PostgreSQL')
    .addOption(new Option('--model', 'answer with the GGUF model in .aion/models; fail if there is none'))
    .addOption(new Option('--no-model', 'answer with the built-in extractive model'))
    .option('--port <number>', 'web-api on N, the other services on N+1 to N+3, admin ports on N+10 to N+13', parsePort)
    .option('--reset', 'delete the data of earlier runs first, except models')
    .option('--state-dir <dir>', 'directory of data, logs, keys and models (default: .aion)')
    .addHelpText('after', EXAMPLES)
    .allowExcessArguments(false)
    .configureOutput({ writeErr: () => undefined })
    .exitOverride();
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1 && port <= 65_535) return port;
  throw new InvalidArgumentError('Give a port number from 1 to 65535.');
}
