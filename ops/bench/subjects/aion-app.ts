import { defineRoute } from '@aion/contracts';
import { bindRoute, createApp, listen, readCorrelationId, readTraceCarrier } from '@aion/http';
import { createLogger } from '@aion/logging';
import { createMetrics } from '@aion/metrics';
import { contextFromCarrier, startTracing } from '@aion/tracing';
import { z } from 'zod';
import { readProcessCpuUs } from '../measure-cpu.ts';
import type { Subject } from '../subject.ts';
import { toItem } from './item.ts';
import { sampledTraceId } from './sampled-trace-id.ts';

/** Telemetry that is enabled in an app. */
export interface AionAppOptions {
  readonly metrics: boolean;
  /** Undefined disables tracing. */
  readonly sampleRatio: number | undefined;
  /** Share of traces whose access log lines are written, one per request; undefined disables the access log. */
  readonly lineRatio: number | undefined;
  /** False enables metrics and tracing but disables every telemetry subject. */
  readonly subjects?: boolean;
  readonly otlpEndpoint: string;
}

/** Same value as in `runService`. */
const LOG_BATCH_MS = 10;

const getItem = defineRoute({
  name: 'bench:get-item',
  service: 'web-api',
  method: 'GET',
  path: '/bench/items/{item_id}',
  summary: 'Get an item',
  description: 'Returns an item.',
  auth: { kind: 'none' },
  params: z.object({ item_id: z.string().max(64) }),
  response: {
    status: 200,
    description: 'The item.',
    json: z.object({ item_id: z.string(), tags: z.array(z.string()) }),
  },
  errors: [],
  idempotent: true,
});

/** Creates the benchmark's route in an AION app: always with ids, deadline and validation, with telemetry by the options. */
export async function createAionApp(options: AionAppOptions): Promise<Subject> {
  const subjects = options.subjects === false ? [] : undefined;
  startTracing({
    serviceName: 'bench',
    serviceVersion: '0.0.0',
    enabled: options.sampleRatio !== undefined,
    subjects,
    sampleRatio: options.sampleRatio ?? 0,
    otlpEndpoint: options.otlpEndpoint,
  });
  const app = createApp({
    routes: [bindRoute(getItem, ({ params }) => Promise.resolve(toItem(params.item_id)))],
    admit: (_route, req) =>
      Promise.resolve({
        identity: { kind: 'anonymous' },
        parent: contextFromCarrier(readTraceCarrier(req.headers)),
        links: [],
        correlationId: readCorrelationId(req),
      }),
    logger: createLogger({
      service: 'bench',
      level: options.lineRatio === undefined ? 'error' : 'info',
      format: 'json',
      sampleRatio: options.lineRatio ?? 1,
      batchMs: LOG_BATCH_MS,
    }),
    metrics: createMetrics({
      service: 'web-api',
      version: '0.0.0',
      enabled: options.metrics,
      ...(subjects === undefined ? {} : { subjects }),
      ...(options.sampleRatio === undefined ? {} : { currentTraceId: sampledTraceId }),
    }),
  });
  const { port } = await listen(app, { host: '127.0.0.1', port: 0, name: 'bench', variable: 'PORT' });
  return { port, measure: () => Promise.resolve(readProcessCpuUs()) };
}
