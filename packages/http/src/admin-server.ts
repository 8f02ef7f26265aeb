import type { Logger } from '@aion/logging';
import { redactText } from '@aion/logging';
import type { Metrics } from '@aion/metrics';
import type { Tracing } from '@aion/tracing';
import express, { type Express } from 'express';
import { listen, type HttpServer } from './listen.ts';
import { sendMetrics } from './metrics-endpoint.ts';
import { serveLogLevels, type LogLevelsAccess } from './log-levels-endpoint.ts';

/** What a check may give when it succeeds and somebody should look all the same; shown at `/readyz`. */
export interface ReadinessDetail {
  readonly detail: string;
}

/** Does the thing that readiness depends on, for real, and throws when it cannot; may give a `ReadinessDetail`. */
export type ReadinessCheck = () => Promise<unknown>;

/** What an admin server shows. */
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
  /** Puts a change of log levels into the audit trail. */
  readonly recordLogLevels?: LogLevelsAccess['record'];
}

/** The result of all readiness checks. */
export interface Readiness {
  readonly ready: boolean;
  readonly checks: Readonly<
    Record<
      string,
      { readonly ok: boolean; readonly error?: string; readonly detail?: string; readonly duration_ms: number }
    >
  >;
}

/** The admin port of a service: `/healthz`, `/readyz`, `/metrics`, `/debug/traces/{trace_id}`. Not for the public. */
export interface AdminServer {
  start(): Promise<void>;
  /** From now on `/readyz` answers 503: no new work is sent here. */
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
  // Liveness touches nothing: a dead database must not restart a healthy process.
  app.get('/healthz', (_req, res) => res.json({ status: 'ok', service: options.service }));
  app.get('/readyz', async (_req, res) => {
    const result = await readiness();
    res.status(result.ready ? 200 : 503).json({ service: options.service, ...result });
  });
  app.get('/metrics', (req, res) => sendMetrics(options.metrics, req, res));
  app.get('/debug/traces/:traceId', (req, res) => {
    const { store } = options.tracing;
    if (store === undefined) return res.status(404).json({ error: 'Spans are exported; ask the tracing backend.' });
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
    timer = setTimeout(() => reject(new Error(`no answer within ${CHECK_TIMEOUT_MS} ms`)), CHECK_TIMEOUT_MS);
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
