import { constants } from 'node:os';

/** Returns a signal that SIGINT and SIGTERM abort; they also set the exit code that shells use for them. */
export function abortOnSignals(): AbortSignal {
  const stopping = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => {
      process.exitCode = 128 + constants.signals[name];
      stopping.abort(new Error(`stopped by ${name}`));
    });
  }
  return stopping.signal;
}
