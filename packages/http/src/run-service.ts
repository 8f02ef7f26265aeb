import { ConfigError, type ConfigOf, type Environment, type metricsVariables } from '@aion/config';
import type { ServiceName } from '@aion/contracts';
import { createLogger, type Logger, type LogLevel, type RootLogger } from '@aion/logging';
import { createMetrics, type Metrics } from '@aion/metrics';
import { currentTraceId } from './current-trace-id.ts';
import { startTracing, type Tracing } from '@aion/tracing';
import { ListenError } from './listen.ts';
import type { LogLevelsAccess } from './serve-log-levels.ts';
import { exposeFeatureFlags, type FeatureFlags } from './expose-feature-flags.ts';
import { createServiceTokens } from './service-tokens.ts';
import { toTracingOptions, type TracingConfig } from './tracing-options.ts';

/** Service as created by its composition root. */
export interface Service {
  /** Resolves when the service listens. Its dependencies may still be missing: readiness reports them. */
  start(): Promise<void>;
  /** Drains and closes everything, in the order of the service, within its grace period. */
  stop(): Promise<void>;
}

/** Dependencies that a process provides to its service. */
export interface ServiceRuntime {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly tracing: Tracing;
  /** For the admin server; tests may leave it out. */
  readonly logLevels?: LogLevelsAccess;
  /** Feature flags of the process; tests may leave them out. */
  readonly featureFlags?: FeatureFlags;
}

/** Runtime of a process, with a logger that can be flushed. */
interface ProcessRuntime extends ServiceRuntime {
  readonly logger: RootLogger;
}

/** Configuration that all services have in common. */
export interface RuntimeConfig extends TracingConfig, ConfigOf<typeof metricsVariables> {
  readonly environment: 'development' | 'staging' | 'production';
  readonly logLevel: LogLevel;
  readonly logLevels: Readonly<Record<string, LogLevel>> | undefined;
  readonly logSampleRatio: number;
  readonly logFormat: 'json' | 'pretty' | undefined;
  readonly serviceTokenSecret: string;
  readonly shutdownGraceMs: number;
}

/** Definition of a service for `runService`. */
export interface ServiceDefinition<C extends RuntimeConfig> {
  readonly name: ServiceName;
  readonly version: string;
  readonly loadConfig: (env: Environment) => C;
  readonly create: (config: C, runtime: ServiceRuntime) => Service;
}

/** Exit status for invalid configuration (EX_CONFIG of sysexits.h). */
export const EXIT_CONFIG = 78;
/** Log lines are written in batches, since a write costs more than its lines; a killed process loses at most this much. */
const LOG_BATCH_MS = 10;
/** Time limit for flushing the last log lines of a process that ends. */
const FLUSH_MS = 1_000;
/** Reasons of dropped lines as label values of the metrics catalogue. */
const DROP_REASONS = { sampled: 'sampled', overflow: 'queue_full', sink: 'export_failed' } as const;

/**
 * Runs the process of a service: configuration, telemetry, start, signals, exit code. SIGTERM, SIGINT, and the exit of a
 * parent that started it with an IPC channel stop it within its grace period with status 0; a second signal ends it
 * immediately with 1. Called by `main.ts` only.
 */
export async function runService<C extends RuntimeConfig>(definition: ServiceDefinition<C>): Promise<void> {
  const config = loadOrExit(definition);
  const runtime = createRuntime(definition, config);
  const { logger } = runtime;
  const service = definition.create(config, runtime);
  const shutdown = createShutdown(service, runtime, config.shutdownGraceMs);

  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => shutdown(signal, 0));
  watchParent(() => shutdown('parent exited', 0));
  process.on('uncaughtException', (error) => {
    logger.error('Uncaught exception', { error });
    shutdown('uncaught exception', 1);
  });
  process.on('unhandledRejection', (error) => {
    logger.error('Unhandled rejection', { error });
    shutdown('unhandled rejection', 1);
  });
  try {
    await service.start();
  } catch (error) {
    if (error instanceof ListenError) process.stderr.write(`${error.message}\n`);
    logger.error('Service failed to start', { error });
    shutdown('failed start', 1);
  }
}

/** Calls `onExit` when the parent that opened an IPC channel to this process exits, or has exited already. */
function watchParent(onExit: () => void): void {
  if (process.connected) process.once('disconnect', onExit);
  // Without a channel `send` is undefined; it remains defined after the channel was closed.
  else if (process.send !== undefined) process.nextTick(onExit);
}

function loadOrExit<C extends RuntimeConfig>(definition: ServiceDefinition<C>): C {
  try {
    return definition.loadConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${definition.name}: ${error.message}\n`);
    process.exit(EXIT_CONFIG);
  }
}

function createRuntime(
  { name, version }: { name: ServiceName; version: string },
  config: RuntimeConfig,
): ProcessRuntime {
  const development = config.environment === 'development';
  const metrics = createMetrics({
    service: name,
    version,
    enabled: config.metricsEnabled,
    subjects: config.metricsSubjects,
    genAi: config.metricsGenAi,
    currentTraceId,
  });
  const tracingOptions = toTracingOptions({ name, version }, config, metrics);
  const featureFlags = exposeFeatureFlags(metrics, tracingOptions);
  const dropped = metrics.counter('aion_telemetry_dropped_total');
  const logger = createLogger({
    service: name,
    level: config.logLevel,
    moduleLevels: config.logLevels ?? {},
    format: config.logFormat ?? (development ? 'pretty' : 'json'),
    sampleRatio: config.logSampleRatio,
    batchMs: LOG_BATCH_MS,
    onDrop: (reason) => dropped.inc({ signal: 'logs', reason: DROP_REASONS[reason] }),
  });
  return {
    logger,
    logLevels: { logger, tokens: createServiceTokens({ secret: config.serviceTokenSecret, service: name }) },
    metrics,
    featureFlags,
    tracing: startTracing(tracingOptions),
  };
}

function createShutdown(
  service: Service,
  { logger, tracing }: ProcessRuntime,
  graceMs: number,
): (reason: string, exitCode: number) => void {
  // The last log lines contain the reason of the exit; the time limit bounds the wait for a stalled reader.
  const exit = (code: number): void => {
    void logger.flush(FLUSH_MS).then(() => process.exit(code));
  };
  let stopping = false;
  return (reason, exitCode) => {
    if (stopping) {
      logger.warn('Service is stopping immediately', { reason });
      exit(1);
    }
    stopping = true;
    logger.info('Service is stopping', { reason, grace_ms: graceMs });
    const overdue = setTimeout(() => {
      logger.error('Service did not stop within its grace period', { grace_ms: graceMs });
      exit(1);
    }, graceMs + 2_000);
    service
      .stop()
      .then(() => tracing.shutdown())
      .then(
        () => {
          clearTimeout(overdue);
          logger.info('Service has stopped', { reason });
          exit(exitCode);
        },
        (error: unknown) => {
          logger.error('Service failed to stop', { error });
          exit(1);
        },
      );
  };
}
