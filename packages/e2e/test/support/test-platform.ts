import { join, resolve } from 'node:path';
import { planPorts, type Platform, type PlatformOptions, startPlatform } from '@aion/launcher';
import { findPorts } from './processes.ts';

const { signal } = new AbortController();

/** Starts a platform on free ports with log level debug; without an `otlpEndpoint` the services store spans. */
export async function startTestPlatform(options: {
  readonly stateDir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly otlpEndpoint?: string;
  /** Called when a service exits unexpectedly; otherwise the platform is stopped. */
  readonly onCrash?: PlatformOptions['onCrash'];
}): Promise<Platform> {
  const { stateDir } = options;
  return startPlatform({
    checkoutDir: resolve(import.meta.dirname, '../../../..'),
    stateDir,
    ports: planPorts(await findPorts()),
    otlpEndpoint: options.otlpEndpoint,
    modelsDir: join(stateDir, 'models'),
    logLevel: 'debug',
    env: options.env,
    signal,
    killSignal: signal,
    ...(options.onCrash === undefined ? {} : { onCrash: options.onCrash }),
  });
}
