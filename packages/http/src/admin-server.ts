import type { Logger } from '@aion/logging';
import { redactText } from '@aion/logging';
import type { Metrics } from '@aion/metrics';
import type { Tracing } from '@aion/tracing';
import express, { type Express } from 'express';
import { listen, type HttpServer } from './listen.ts';
import { sendMetrics } from './send-metrics.ts';
import { serveLogLevels, type LogLevelsAccess } from './serve-log-levels.ts';

/** Result of a check that succeeds but needs attention; `/readyz` shows it. */
export interface ReadinessDetail {
  readonly detail: string;
}

/** Uses a dependency for real; throws when that fails, and may return a `ReadinessDetail`. */
export type ReadinessCheck = () => Promise<unknown>;

/** Options of `createAdminServer`. */
export interface AdminServerOptions {
  readonly service: string;
  readonly host: string;
  readonly port: number;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly tracing: Tracing;
  readonly checks: Readonly<Record<string, ReadinessCheck>>;
  /** Serves `/log-levels` when given. */
  readonly logLevels?: LogLevelsAccess | undefined;
  /** Records a change of log levels in the audit trail. */
  readonly recordLogLevels?: LogLevelsAccess['record'];
}

/** Results of all readiness checks. */
export interface Readiness {
  readonly ready: boolean;
  readonly checks: Readonly<
    Record<
      string,
      { readonly ok: boolean; readonly error?: string; readonly detail?: string; readonly duration_ms: number }
    >
  >;
}

/** Server on the admin port, not for the public: `/healthz`, `/readyz`, `/metrics`, `/debug/traces/{trace_id}`. */
export interface AdminServer {
  start(): Promise<void>;
  /** Makes `/readyz` respond with 503, so that load balancers send no new work. */
  drain(): void;
  readiness(): Promise<Readiness>;
  stop(): Promise<void>;
}

const CHECK_TIMEOUT_MS = 3_000;

/** Creates the admin server of a service. */
export function createAdminServer(options: AdminServerOptions): AdminServer {
  let server: HttpServer | undefined;
  let draining = false;

  const readiness = async (): Promise<Readiness> => {
    const results = await Promise.all(
      Object.entries(options.checks).map(async ([name, check]) => [name, await runCheck(check)] as const),
    );
    return { ready: !draining && results.every(([, result]) => result.ok), checks: Object.fromEntries(results) };
  };

  return {
    start: async () => {
      const app = createAdminApp(options, readiness);
      const { host, port } = options;
      server = await listen(app, { host, port, name: `${options.service} (admin)`, variable: 'AION_ADMIN_PORT' });
    },
    drain: () => {
      draining = true;
    },
    readiness,
    stop: async () => {
      await server?.close(1_000);
    },
  };
}

function createAdminApp(options: AdminServerOptions, readiness: () => Promise<Readiness>): Express {
  const app = express();
  app.disable('x-powered-by');
  // Liveness checks no dependency: a database that is down must not restart a healthy process.
  app.get('/healthz', (_req, res) => res.json({ status: 'ok', service: options.service }));
  app.get('/readyz', async (_req, res) => {
    const result = await readiness();
    res.status(result.ready ? 200 : 503).json({ service: options.service, ...result });
  });
  app.get('/metrics', (req, res) => sendMetrics(options.metrics, req, res));
  app.get('/debug/traces/:traceId', (req, res) => {
    const { store } = options.tracing;
    if (store === undefined) return res.status(404).json({ error: 'Spans are exported: query the tracing backend.' });
    return res.json({ spans: store.get(req.params.traceId) });
  });
  const { logLevels, recordLogLevels: record } = options;
  if (logLevels !== undefined) serveLogLevels(app, { ...logLevels, record });
  return app;
}

async function runCheck(check: ReadinessCheck): Promise<Readiness['checks'][string]> {
  const startedAt = performance.now();
  const elapsed = (): number => Math.round(performance.now() - startedAt);
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no response within ${CHECK_TIMEOUT_MS} ms`)), CHECK_TIMEOUT_MS);
  });
  try {
    const result = await Promise.race([check(), timeout]);
    return { ok: true, ...(hasDetail(result) ? { detail: redactText(result.detail) } : {}), duration_ms: elapsed() };
  } catch (error) {
    const message = redactText(error instanceof Error ? error.message : String(error));
    return { ok: false, error: message, duration_ms: elapsed() };
  } finally {
    clearTimeout(timer);
  }
}

function hasDetail(result: unknown): result is ReadinessDetail {
  return typeof result === 'object' && result !== null && 'detail' in result && typeof result.detail === 'string';
}
