import { ConfigError } from '@aion/config';
import { errorMessage } from '@aion/errors';
import { LauncherError } from './platform/launcher-error.ts';
import { watchParents } from './platform/watch-parents.ts';

/** How a command deals with what is around it. */
export interface RunMainOptions {
  /** Whether the command goes on when nobody reads its output any more; by default it stops, as for Ctrl-C. */
  readonly outlivesOutput?: boolean;
}

/** How a person ends a command. */
export interface MainSignals {
  /** Aborted by the first SIGINT or SIGTERM: stop in order. */
  readonly interrupt: AbortSignal;
  /** Aborted by the second: stop at once. */
  readonly kill: AbortSignal;
}

/** 128 and the signal's number, as shells report it. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
/** What a forced end may take. */
const KILL_TIMEOUT_MS = 5_000;
const EXIT_CONFIG = 2;

/**
 * The life of a command's process: signals, error messages, exit code. Called by the `*-main.ts` files and nothing else.
 */
export async function runMain(
  run: (signals: MainSignals) => Promise<number>,
  { outlivesOutput = false }: RunMainOptions = {},
): Promise<void> {
  const interrupt = new AbortController();
  const kill = new AbortController();
  let interruptedBy: keyof typeof EXIT_CODES = 'SIGINT';
  const onSignal = (signal: keyof typeof EXIT_CODES): void => {
    if (interrupt.signal.aborted) {
      kill.abort();
      setTimeout(() => process.exit(EXIT_CODES[interruptedBy]), KILL_TIMEOUT_MS).unref();
      return;
    }
    interruptedBy = signal;
    interrupt.abort(new LauncherError(`Interrupted by ${signal}.`));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  // pnpm starts scripts through shells that pass no signal on: their end is taken for one.
  if (process.env['npm_lifecycle_event'] !== undefined) await watchParents(() => onSignal('SIGTERM'));
  // Whoever reads the output has gone (`pnpm demo | head`): that must not leave the services behind.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', () => {
      if (!outlivesOutput && !interrupt.signal.aborted) onSignal('SIGHUP');
    });
  }
  try {
    process.exitCode = await run({ interrupt: interrupt.signal, kill: kill.signal });
  } catch (error) {
    process.exitCode = interrupt.signal.aborted ? EXIT_CODES[interruptedBy] : report(error);
  }
  // Kept-alive connections of the client would hold the process for some seconds.
  process.exit();
}

function report(error: unknown): number {
  if (error instanceof LauncherError || error instanceof ConfigError) {
    process.stderr.write(`\n${error.message}\n`);
    return error instanceof LauncherError ? error.exitCode : EXIT_CONFIG;
  }
  process.stderr.write(`\n${error instanceof Error ? (error.stack ?? error.message) : errorMessage(error)}\n`);
  return 1;
}
