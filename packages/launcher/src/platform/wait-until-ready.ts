import { setTimeout as sleep } from 'node:timers/promises';
import { errorMessage } from '@aion/errors';
import { findStartError } from './find-start-error.ts';
import { LauncherError } from './launcher-error.ts';
import type { ServiceExit, ServiceProcess } from './service-process.ts';

const POLL_MS = 40;
/** EX_CONFIG of sysexits.h: the output of the service lists the problems of its configuration. */
const EXIT_CONFIG = 78;

/** Options of {@link waitUntilReady}. */
export interface WaitUntilReadyOptions {
  readonly process: ServiceProcess;
  readonly adminUrl: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Waits until `/readyz` of a service responds with 200.
 * @throws LauncherError with the last lines of its log if the service exits first or the timeout elapses; the reason of
 * the signal if it is aborted
 */
export async function waitUntilReady(options: WaitUntilReadyOptions): Promise<void> {
  const { process: service, timeoutMs, signal } = options;
  const deadline = performance.now() + timeoutMs;
  let exit: ServiceExit | undefined;
  void service.exited.then((ended) => (exit = ended));
  let problem = '';
  for (;;) {
    signal.throwIfAborted();
    // Read through a function: the type checker does not see the assignment in the callback above.
    const ended = ((): ServiceExit | undefined => exit)();
    if (ended !== undefined) throw await toExitError(service, ended, 'before it was ready');
    if (performance.now() > deadline) {
      throw new LauncherError(
        `${service.name} was not ready within ${timeoutMs / 1_000} s: ${problem}\nLast lines of its log:\n${await service.lastLines()}`,
      );
    }
    const readiness = await fetchReadiness(options.adminUrl, signal);
    if (readiness === 'ready') return;
    problem = readiness;
    await sleep(POLL_MS);
  }
}

/** Creates the error for a service that has exited unexpectedly. */
export async function toExitError(service: ServiceProcess, exit: ServiceExit, when: string): Promise<LauncherError> {
  const lines = await service.lastLines();
  if (exit.code === EXIT_CONFIG) return new LauncherError(lines);
  const how = exit.signal === null ? `exited with code ${String(exit.code)}` : `was ended by ${exit.signal}`;
  const startError = findStartError(lines);
  // At the end, so that it is visible below a long log.
  const reason = startError === undefined ? '' : `\n\n${service.name} failed to start: ${startError}`;
  return new LauncherError(`${service.name} ${how} ${when}. Last lines of its log:\n${lines}${reason}`);
}

/** Returns `ready`, or a description of the problem. */
async function fetchReadiness(adminUrl: string, signal: AbortSignal): Promise<string> {
  try {
    const answer = await fetch(`${adminUrl}/readyz`, { signal: AbortSignal.any([signal, AbortSignal.timeout(5_000)]) });
    const body = await answer.text();
    return answer.status === 200 ? 'ready' : body;
  } catch (error) {
    signal.throwIfAborted();
    return errorMessage(error);
  }
}
