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
import { findSpans } from './find-spans.ts';
import { timed, type Story } from './story.ts';
import { tellBundle } from './tell-bundle.ts';
import { tellConversations, tellSecondTenant } from './tell-conversations.ts';
import { tellExport } from './tell-export.ts';
import { tellTrace } from './tell-trace.ts';
import { tellWhereabouts } from './tell-whereabouts.ts';
import { formatMs, type Terminal } from './terminal.ts';

/** What the demo runs with. */
export interface DemoInput {
  readonly checkoutDir: string;
  readonly options: DemoOptions;
  readonly config: LauncherConfig;
  readonly env: Environment;
  readonly terminal: Terminal;
  readonly signals: MainSignals;
}

/** Runs the demo. @returns the exit code: 0 when every check passed */
export async function runDemo(input: DemoInput): Promise<number> {
  const { options, terminal, signals } = input;
  const evidence = createEvidence();
  const startedAt = performance.now();
  // What can be wrong with the input is said before anything starts.
  const conversations = await readConversations(options.input);
  if (options.json !== undefined) await assertDirectory(options.json);
  terminal.heading('AION demo');
  const platform = await timed(evidence, 'platform', () => startDemoPlatform(input));
  try {
    const crash = new AbortController();
    void platform.crashed.then((error) => crash.abort(error));
    const signal = AbortSignal.any([signals.interrupt, crash.signal]);
    const story = await beginStory(input, { platform, conversations, evidence, signal });
    try {
      await tellStory(story, input);
    } catch (error) {
      signal.throwIfAborted();
      evidence.checks.push({ name: 'the story comes to its end', ok: false, message: errorMessage(error) });
      throw error;
    } finally {
      evidence.timings['total'] = Math.round(performance.now() - startedAt);
      if (options.json !== undefined) await writeEvidence(options.json, evidence);
      await story.tracing.shutdown();
    }
    return await finish(story, input);
  } finally {
    const stoppingAt = performance.now();
    await platform.stop();
    await rm(join(options.stateDir, 'demo.json'), { force: true });
    terminal.line();
    terminal.step('stopped', 'everything that was started', performance.now() - stoppingAt);
  }
}

async function startDemoPlatform({
  checkoutDir,
  options,
  config,
  env,
  terminal,
  signals,
}: DemoInput): Promise<Platform> {
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

async function beginStory(
  { options, config, terminal }: DemoInput,
  rest: Pick<Story, 'platform' | 'conversations' | 'evidence' | 'signal'>,
): Promise<Story> {
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
  const { tenants, created } = await timed(evidence, 'tenants', () => store.load());
  evidence.tenants = tenants.map(({ id, name }) => ({ id, name }));
  for (const { id, name } of tenants) terminal.step(created ? 'tenant created' : 'tenant', `${id}  ${name}`);
  const file = { baseUrl, adminUrls, operatorKey, tenants: tenants.map(({ id, name, key }) => ({ id, name, key })) };
  await writePrivateFile(join(stateDir, 'demo.json'), `${JSON.stringify(file, null, 2)}\n`);
  return { ...rest, stateDir, terminal, tracing, tenants, store, preferLanguageModel: options.model };
}

async function tellStory(story: Story, { config }: DemoInput): Promise<void> {
  const { evidence } = story;
  const traceId = await withSpan('demo', {}, async (span) => {
    await timed(evidence, 'completions', () => tellConversations(story));
    const canary = await tellSecondTenant(story);
    const bundle = await tellExport(story);
    await timed(evidence, 'open', () => tellBundle(story, bundle, canary));
    return span.spanContext().traceId;
  });
  await timed(evidence, 'trace', () => tellTrace(story, traceId, findSpans(config)));
}

/** Says how it went, and stays up unless told otherwise. */
async function finish(story: Story, { options, signals }: DemoInput): Promise<number> {
  const { terminal, evidence, signal } = story;
  tellWhereabouts(story, { staysUp: !options.once });
  const failed = evidence.checks.filter(({ ok }) => !ok);
  terminal.heading(failed.length === 0 ? 'All checks passed' : `${failed.length} checks FAILED`);
  for (const { name, message } of failed) terminal.check(false, `${name}: ${message}`);
  terminal.step('checks', `${evidence.checks.length - failed.length} of ${evidence.checks.length} passed`);
  terminal.step('time', formatMs(evidence.timings['total'] ?? 0));
  if (!options.once) {
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    // A crash is an error; whoever presses Ctrl-C now ends what has come to its end.
    if (!signals.interrupt.aborted) throw signal.reason;
  }
  return failed.length === 0 ? 0 : 1;
}

async function assertDirectory(file: string): Promise<void> {
  await access(dirname(file)).catch((error: unknown) => {
    const message = `--json ${file}: its directory cannot be used: ${errorMessage(error)}`;
    throw new LauncherError(message, { exitCode: 2, cause: error });
  });
}
