import { ConfigError } from '@aion/config';
import { errorMessage } from '@aion/errors';
import { LauncherError } from './platform/launcher-error.ts';
import { watchParents } from './platform/watch-parents.ts';

/** Options of {@link runMain}. */
export interface RunMainOptions {
  /** True: the command continues when its output is closed. By default it stops, as for Ctrl-C. */
  readonly outlivesOutput?: boolean;
}

/** Abort signals derived from the signals of the process. */
export interface MainSignals {
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP: stop gracefully. */
  readonly interrupt: AbortSignal;
  /** Aborted by the second signal: stop immediately. */
  readonly kill: AbortSignal;
}

/** 128 plus the signal number, as shells report it. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
/** Time limit of a forced stop. */
const KILL_TIMEOUT_MS = 5_000;
const EXIT_CONFIG = 2;

/**
 * Runs a command: handles signals, prints errors, sets the exit code. Called by the `*-main.ts` files only.
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
  // pnpm starts scripts through shells that do not forward signals: treat their exit as SIGTERM.
  if (process.env['npm_lifecycle_event'] !== undefined) await watchParents(() => onSignal('SIGTERM'));
  // When the reader of the output exits (`pnpm demo | head`), the services must not remain running.
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
  // Keep-alive connections of the client would keep the process running for some seconds.
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
