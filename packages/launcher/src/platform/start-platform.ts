import { loadSigningKey } from '@aion/bundle';
import type { ServiceName } from '@aion/contracts';
import { assertPortsFree } from './assert-ports-free.ts';
import type { DatabaseServer } from './database.ts';
import { ensureOperator } from './ensure-operator.ts';
import type { LauncherError } from './launcher-error.ts';
import type { PlatformOptions } from './platform-options.ts';
import { loadSecrets } from './secrets.ts';
import { toAdminUrls, toReachableUrl } from './service-environment.ts';
import { createServiceGroup } from './service-group.ts';
import { startParts } from './start-parts.ts';
import { openStateDir } from './state-dir.ts';

/** A running platform. */
export interface Platform {
  readonly baseUrl: string;
  readonly adminUrls: Readonly<Record<ServiceName, string>>;
  readonly operatorKey: string;
  /** Public key of the key that signs bundles, in OpenSSH format. */
  readonly signerPublicKey: string;
  /** Public key of the key that signs checkpoints of the audit trail, in OpenSSH format. */
  readonly auditPublicKey: string;
  readonly pids: Readonly<Partial<Record<ServiceName, number>>>;
  /** Resolves when a service exits unexpectedly: the caller must then stop the platform. */
  readonly crashed: Promise<LauncherError>;
  /** Stops a service and starts it again. @throws LauncherError if it does not become ready */
  restart(service: ServiceName): Promise<void>;
  /** Stops web-api, ai-engine, data-export, database-gateway and PostgreSQL, in this order. Idempotent. */
  stop(): Promise<void>;
}

const READY_TIMEOUT_MS = 90_000;
const SHUTDOWN_GRACE_MS = 10_000;
/** A service exits at the latest two seconds after its grace period. */
const STOP_TIMEOUT_MS = SHUTDOWN_GRACE_MS + 4_000;

/**
 * Starts the database and the four services, and waits until all are ready. After a failure nothing remains running.
 * @throws LauncherError that the user can fix; the reason of the signal if it is aborted
 */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const host = options.env['AION_HOST'] ?? '127.0.0.1';
  const stateDir = await openStateDir(options.stateDir, { reset: options.reset ?? false });
  if (stateDir.removed !== undefined) options.onReset?.(stateDir.removed);
  const database: { server?: DatabaseServer } = {};
  const failure = new AbortController();
  const signal = AbortSignal.any([options.signal, failure.signal]);
  const services = createServiceGroup({
    readyTimeoutMs: READY_TIMEOUT_MS,
    stopTimeoutMs: STOP_TIMEOUT_MS,
    signal,
    ...(options.onCrash === undefined ? {} : { onCrash: options.onCrash }),
  });
  void services.crashed.then((error) => failure.abort(error));
  const kill = (): void => services.kill();
  options.killSignal.addEventListener('abort', kill);
  const stopAll = async (): Promise<void> => {
    await services.stop();
    await database.server?.stop();
    await stateDir.release();
    options.killSignal.removeEventListener('abort', kill);
  };
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= stopAll());
  try {
    await assertPortsFree(options.ports, host);
    const secrets = await loadSecrets(options.stateDir);
    const { publicKey: signerPublicKey } = loadSigningKey(secrets.signingKey);
    const { publicKey: auditPublicKey } = loadSigningKey(secrets.auditSigningKey);
    const graceMs = SHUTDOWN_GRACE_MS;
    await startParts({ options, host, secrets, signal, graceMs, services, database, fail: (e) => failure.abort(e) });
    const adminUrls = toAdminUrls(options.ports, host);
    const baseUrl = toReachableUrl(host, options.ports['web-api'].port);
    const { initSecret } = secrets;
    const operatorKey = await ensureOperator({ stateDir: options.stateDir, baseUrl, initSecret, signal });
    return {
      baseUrl,
      adminUrls,
      operatorKey,
      signerPublicKey,
      auditPublicKey,
      pids: services.pids,
      crashed: services.crashed,
      restart: services.restart,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
