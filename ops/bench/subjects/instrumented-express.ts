import { createRequire } from 'node:module';
import { startTracing } from '@aion/tracing';
import { getNodeAutoInstrumentations } from '@opentelemetry/auto-instrumentations-node';
import { registerInstrumentations, type Instrumentation } from '@opentelemetry/instrumentation';
import { ExpressInstrumentation } from '@opentelemetry/instrumentation-express';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import type express from 'express';
import type { Subject } from '../subject.ts';
import { createExpressApp } from './express-app.ts';

const SAMPLE_RATIO = 0.1;

/** Creates express with OpenTelemetry's HTTP and express instrumentations, at 10 % sampling. */
export function createHttpInstrumentedExpress(otlpEndpoint: string): Promise<Subject> {
  return createInstrumentedExpress(otlpEndpoint, [new HttpInstrumentation(), new ExpressInstrumentation()]);
}

/** Creates express with all automatic instrumentations that are enabled by default, at 10 % sampling. */
export function createAutoInstrumentedExpress(otlpEndpoint: string): Promise<Subject> {
  return createInstrumentedExpress(otlpEndpoint, getNodeAutoInstrumentations());
}

/** Uses the SDK, sampler and exporter of AION's own tracing, so that only the instrumentation differs. */
function createInstrumentedExpress(otlpEndpoint: string, instrumentations: Instrumentation[]): Promise<Subject> {
  startTracing({
    serviceName: 'bench',
    serviceVersion: '0.0.0',
    enabled: true,
    sampleRatio: SAMPLE_RATIO,
    otlpEndpoint,
  });
  registerInstrumentations({ instrumentations });
  const load = createRequire(import.meta.url);
  load('node:http');
  // `require` returns no type; the instrumentations only patch modules that are loaded this way.
  const createExpress = load('express') as typeof express;
  return createExpressApp(createExpress());
}
