import { setTimeout as sleep } from 'node:timers/promises';
import { errorMessage } from '@aion/errors';
import { findStartError } from './find-start-error.ts';
import { LauncherError } from './launcher-error.ts';
import type { ServiceExit, ServiceProcess } from './service-process.ts';

const POLL_MS = 40;
/** sysexits.h EX_CONFIG: the service's output is the list of what is wrong with its configuration. */
const EXIT_CONFIG = 78;

/** What {@link waitUntilReady} needs. */
export interface WaitUntilReadyOptions {
  readonly process: ServiceProcess;
  readonly adminUrl: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Waits until a service's `/readyz` answers 200.
 * @throws LauncherError when the service ends before, or the time is over, with the end of its log; the signal's reason
 */
export async function waitUntilReady(options: WaitUntilReadyOptions): Promise<void> {
  const { process: service, timeoutMs, signal } = options;
  const deadline = performance.now() + timeoutMs;
  let exit: ServiceExit | undefined;
  void service.exited.then((ended) => (exit = ended));
  for (let problem = ''; ;) {
    signal.throwIfAborted();
    // Read through a function: the assignment above happens between two looks.
    const ended = ((): ServiceExit | undefined => exit)();
    if (ended !== undefined) throw await toExitError(service, ended, 'before it was ready');
    if (performance.now() > deadline) {
      throw new LauncherError(
        `${service.name} was not ready within ${timeoutMs / 1_000} s: ${problem}\nThe end of its log:\n${await service.lastLines()}`,
      );
    }
    const answer = await askReadiness(options.adminUrl, signal);
    if (answer === 'ready') return;
    problem = answer;
    await sleep(POLL_MS);
  }
}

/** The error for a service that has ended when nobody asked it to. */
export async function toExitError(service: ServiceProcess, exit: ServiceExit, when: string): Promise<LauncherError> {
  const lines = await service.lastLines();
  if (exit.code === EXIT_CONFIG) return new LauncherError(lines);
  const how = exit.signal === null ? `exited with code ${String(exit.code)}` : `was ended by ${exit.signal}`;
  const startError = findStartError(lines);
  // At the end, where it is visible below a long log.
  const reason = startError === undefined ? '' : `\n\n${service.name} failed to start: ${startError}`;
  return new LauncherError(`${service.name} ${how} ${when}. The end of its log:\n${lines}${reason}`);
}

/** `ready`, or what is missing. */
async function askReadiness(adminUrl: string, signal: AbortSignal): Promise<string> {
  try {
    const answer = await fetch(`${adminUrl}/readyz`, { signal: AbortSignal.any([signal, AbortSignal.timeout(5_000)]) });
    const body = await answer.text();
    return answer.status === 200 ? 'ready' : body;
  } catch (error) {
    signal.throwIfAborted();
    return errorMessage(error);
  }
}
