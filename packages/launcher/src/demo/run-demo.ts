import { access, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Environment } from '@aion/config';
import { errorMessage } from '@aion/errors';
import { startTracing, withSpan } from '@aion/tracing';
import type { LauncherConfig } from '../launcher-config.ts';
import { LauncherError } from '../platform/launcher-error.ts';
import { planPorts } from '../platform/port-plan.ts';
import { writePrivateFile } from '../platform/private-file.ts';
import { startPlatform, type Platform } from '../platform/start-platform.ts';
import type { MainSignals } from '../run-main.ts';
import type { DemoOptions } from './demo-options.ts';
import { createTenantStore } from './demo-tenants.ts';
import { createEvidence, writeEvidence } from './evidence.ts';
import { readConversations } from './read-conversations.ts';
import { locateSpans } from './locate-spans.ts';
import { timePhase, type DemoContext } from './demo-context.ts';
import { runBundleStep } from './run-bundle-step.ts';
import { runCompletionsStep, runSecondTenantStep } from './run-completions-step.ts';
import { runExportStep } from './run-export-step.ts';
import { runTraceStep } from './run-trace-step.ts';
import { printInstructions } from './print-instructions.ts';
import { formatMs, type Terminal } from './terminal.ts';

/** Options of {@link runDemo}. */
export interface RunDemoOptions {
  readonly checkoutDir: string;
  readonly options: DemoOptions;
  readonly config: LauncherConfig;
  readonly env: Environment;
  readonly terminal: Terminal;
  readonly signals: MainSignals;
}

/** Runs the demo. @returns the exit code: 0 if every check passed */
export async function runDemo(input: RunDemoOptions): Promise<number> {
  const { options, terminal, signals } = input;
  const evidence = createEvidence();
  const startedAt = performance.now();
  // Report wrong input before anything starts.
  const conversations = await readConversations(options.input);
  if (options.json !== undefined) await assertDirectory(options.json);
  terminal.heading('AION demo');
  const platform = await timePhase(evidence, 'platform', () => startDemoPlatform(input));
  try {
    const crash = new AbortController();
    void platform.crashed.then((error) => crash.abort(error));
    const signal = AbortSignal.any([signals.interrupt, crash.signal]);
    const context = await createDemoContext(input, { platform, conversations, evidence, signal });
    try {
      await runSteps(context, input);
    } catch (error) {
      signal.throwIfAborted();
      evidence.checks.push({ name: 'demo completes', ok: false, message: errorMessage(error) });
      throw error;
    } finally {
      evidence.timings['total'] = Math.round(performance.now() - startedAt);
      if (options.json !== undefined) await writeEvidence(options.json, evidence);
      await context.tracing.shutdown();
    }
    return await finish(context, input);
  } finally {
    const stoppingAt = performance.now();
    await platform.stop();
    await rm(join(options.stateDir, 'demo.json'), { force: true });
    terminal.line();
    terminal.step('stopped', 'platform', performance.now() - stoppingAt);
  }
}

async function startDemoPlatform({
  checkoutDir,
  options,
  config,
  env,
  terminal,
  signals,
}: RunDemoOptions): Promise<Platform> {
  const startedAt = performance.now();
  const platform = await startPlatform({
    checkoutDir,
    stateDir: options.stateDir,
    reset: options.reset,
    onReset: (removed) => terminal.step('removed', `${removed.join(', ') || 'nothing'} in ${options.stateDir}`),
    ports: planPorts(options.port),
    databaseUrl: config.databaseUrl,
    redisUrl: options.redis ?? config.redisUrl,
    objectStoreUrl: config.objectStoreUrl,
    otlpEndpoint: config.otlpEndpoint,
    modelsDir: join(options.stateDir, 'models'),
    logLevel: config.logLevel,
    env,
    signal: signals.interrupt,
    killSignal: signals.kill,
    onPartReady: (part, durationMs) => terminal.step(part, 'ready', durationMs),
  });
  terminal.step('platform', platform.baseUrl, performance.now() - startedAt);
  return platform;
}

async function createDemoContext(
  { options, config, terminal }: RunDemoOptions,
  rest: Pick<DemoContext, 'platform' | 'conversations' | 'evidence' | 'signal'>,
): Promise<DemoContext> {
  const { platform, evidence, signal } = rest;
  const { stateDir } = options;
  const tracing = startTracing({
    serviceName: 'demo-client',
    serviceVersion: '0.1.0',
    enabled: config.tracingEnabled && !config.otelSdkDisabled,
    sampleRatio: 1,
    otlpEndpoint: config.otlpEndpoint,
    otlpTracesEndpoint: config.otlpTracesEndpoint,
    otlpHeaders: { ...config.otlpHeaders, ...config.otlpTracesHeaders },
    resourceAttributes: config.resourceAttributes,
  });
  const { baseUrl, operatorKey, adminUrls } = platform;
  const store = createTenantStore({ stateDir, baseUrl, operatorKey, signal });
  const { tenants, created } = await timePhase(evidence, 'tenants', () => store.load());
  evidence.tenants = tenants.map(({ id, name }) => ({ id, name }));
  for (const { id, name } of tenants) terminal.step(created ? 'tenant created' : 'tenant', `${id}  ${name}`);
  const file = { baseUrl, adminUrls, operatorKey, tenants: tenants.map(({ id, name, key }) => ({ id, name, key })) };
  await writePrivateFile(join(stateDir, 'demo.json'), `${JSON.stringify(file, null, 2)}\n`);
  return { ...rest, stateDir, terminal, tracing, tenants, store, preferLanguageModel: options.model };
}

async function runSteps(context: DemoContext, { config }: RunDemoOptions): Promise<void> {
  const { evidence } = context;
  const traceId = await withSpan('demo', {}, async (span) => {
    await timePhase(evidence, 'completions', () => runCompletionsStep(context));
    const canary = await runSecondTenantStep(context);
    const bundle = await runExportStep(context);
    await timePhase(evidence, 'open', () => runBundleStep(context, bundle, canary));
    return span.spanContext().traceId;
  });
  await timePhase(evidence, 'trace', () => runTraceStep(context, traceId, locateSpans(config)));
}

/** Prints the results; without `--once`, waits until the platform is stopped. */
async function finish(context: DemoContext, { options, signals }: RunDemoOptions): Promise<number> {
  const { terminal, evidence, signal } = context;
  printInstructions(context, { keepsRunning: !options.once });
  const failed = evidence.checks.filter(({ ok }) => !ok);
  terminal.heading(failed.length === 0 ? 'All checks passed' : `${failed.length} checks FAILED`);
  for (const { name, message } of failed) terminal.check(false, `${name}: ${message}`);
  terminal.step('checks', `${evidence.checks.length - failed.length} of ${evidence.checks.length} passed`);
  terminal.step('time', formatMs(evidence.timings['total'] ?? 0));
  if (!options.once) {
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    // A crash is an error; a signal ends a demo that has completed.
    if (!signals.interrupt.aborted) throw signal.reason;
  }
  return failed.length === 0 ? 0 : 1;
}

async function assertDirectory(file: string): Promise<void> {
  await access(dirname(file)).catch((error: unknown) => {
    const message = `Cannot write to the directory of --json ${file}: ${errorMessage(error)}`;
    throw new LauncherError(message, { exitCode: 2, cause: error });
  });
}
