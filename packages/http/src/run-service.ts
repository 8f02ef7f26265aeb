import { ConfigError, type ConfigOf, type Environment, type metricsVariables } from '@aion/config';
import type { ServiceName } from '@aion/contracts';
import { createLogger, type Logger, type LogLevel, type RootLogger } from '@aion/logging';
import { createMetrics, type Metrics } from '@aion/metrics';
import { currentTraceId } from './current-trace-id.ts';
import { startTracing, type Tracing } from '@aion/tracing';
import { ListenError } from './listen.ts';
import type { LogLevelsAccess } from './log-levels-endpoint.ts';
import { reportTracingFeatures, type Switches } from './report-features.ts';
import { createServiceTokens } from './service-tokens.ts';
import { toTracingOptions, type TracingConfig } from './tracing-options.ts';

/** A service, from its composition root. */
export interface Service {
  /** Resolves when it listens; its dependencies may still be missing, which readiness says. */
  start(): Promise<void>;
  /** Drains and closes everything, in the service's own order, within its grace period. */
  stop(): Promise<void>;
}

/** What a process gives its service. */
export interface ServiceRuntime {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly tracing: Tracing;
  /** For the admin server; tests may leave it out. */
  readonly logLevels?: LogLevelsAccess;
  /** What is switched on; tests may leave it out. */
  readonly switches?: Switches;
}

/** The runtime of a process, whose owner flushes its logger. */
interface ProcessRuntime extends ServiceRuntime {
  readonly logger: RootLogger;
}

/** The part of the configuration that every service has. */
export interface RuntimeConfig extends TracingConfig, ConfigOf<typeof metricsVariables> {
  readonly environment: 'development' | 'staging' | 'production';
  readonly logLevel: LogLevel;
  readonly logLevels: Readonly<Record<string, LogLevel>> | undefined;
  readonly logSampleRatio: number;
  readonly logFormat: 'json' | 'pretty' | undefined;
  readonly serviceTokenSecret: string;
  readonly shutdownGraceMs: number;
}

/** How a process becomes a service. */
export interface ServiceDefinition<C extends RuntimeConfig> {
  readonly name: ServiceName;
  readonly version: string;
  readonly loadConfig: (env: Environment) => C;
  readonly create: (config: C, runtime: ServiceRuntime) => Service;
}

/** Exit status of a process that was configured wrongly (sysexits.h EX_CONFIG). */
export const EXIT_CONFIG = 78;
/** A write costs more than its lines; what a process that is killed has written is at most this much behind. */
const LOG_BATCH_MS = 10;
/** How long the last log lines may take to leave a process that ends. */
const FLUSH_MS = 1_000;
/** Why lines are dropped, in the words of the catalogue. */
const DROP_REASONS = { sampled: 'sampled', overflow: 'queue_full', sink: 'export_failed' } as const;

/**
 * The whole life of a service's process: configuration, telemetry, start, signals, exit code. SIGTERM and SIGINT stop
 * it within its grace period with status 0, a second signal ends it at once with 1, and so does the loss of a parent
 * that started it with an IPC channel. Called by `main.ts` and by nothing else.
 */
export async function runService<C extends RuntimeConfig>(definition: ServiceDefinition<C>): Promise<void> {
  const config = loadOrExit(definition);
  const runtime = createRuntime(definition, config);
  const { logger } = runtime;
  const service = definition.create(config, runtime);
  const shutdown = createShutdown(service, runtime, config.shutdownGraceMs);

  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => shutdown(signal, 0));
  watchParent(() => shutdown('parent gone', 0));
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

/** Calls `onGone` when the parent that gave this process an IPC channel has ended, be it before this was called. */
function watchParent(onGone: () => void): void {
  if (process.connected) process.once('disconnect', onGone);
  // Without a channel there is no `send`; a channel that was closed meanwhile has left it behind.
  else if (process.send !== undefined) process.nextTick(onGone);
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
  const switches = reportTracingFeatures(metrics, tracingOptions);
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
    switches,
    tracing: startTracing(tracingOptions),
  };
}

function createShutdown(
  service: Service,
  { logger, tracing }: ProcessRuntime,
  graceMs: number,
): (reason: string, exitCode: number) => void {
  // The last lines say why it ended: they get a moment, and a stalled reader does not get more.
  const exit = (code: number): void => {
    void logger.flush(FLUSH_MS).then(() => process.exit(code));
  };
  let stopping = false;
  return (reason, exitCode) => {
    if (stopping) {
      logger.warn('Stopping at once', { reason });
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
