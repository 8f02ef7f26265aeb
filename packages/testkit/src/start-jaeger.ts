import { freePort } from '@aion/embedded';
import { startProcess } from './start-process.ts';
import { waitFor } from './wait-for.ts';

/** Ports at which a Jaeger listens. */
export interface JaegerPorts {
  readonly otlp: number;
  readonly query: number;
}

/** A running Jaeger that keeps its traces in memory. */
export interface TestJaeger {
  /** Base URL that OTLP/HTTP spans are sent to, as in `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly otlpEndpoint: string;
  /** Base URL of the user interface and of its query API, such as `/api/traces/<id>`. */
  readonly queryUrl: string;
  /** For a successor at the same place. */
  readonly ports: JaegerPorts;
  /** Resolves when the program is gone. Default SIGTERM; may be called again. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** Options of {@link startJaeger}. */
export interface StartJaegerOptions {
  /** Default: free ones. */
  readonly ports?: JaegerPorts;
}

/** Starts Jaeger at 127.0.0.1 and waits until it takes spans and answers queries; the caller must stop it. */
export async function startJaeger(programPath: string, options: StartJaegerOptions = {}): Promise<TestJaeger> {
  const ports = options.ports ?? { otlp: await freePort(), query: await freePort() };
  const otlpEndpoint = `http://127.0.0.1:${ports.otlp}`;
  const queryUrl = `http://127.0.0.1:${ports.query}`;
  const jaeger = await startProcess({
    program: programPath,
    // The configuration is YAML, of which JSON is a part.
    args: ['--config', `yaml:${JSON.stringify(configuration(ports, await freePort()))}`],
    readyTimeoutMs: 30_000,
  });
  const stop = async (signal?: NodeJS.Signals): Promise<void> => {
    await jaeger.stop(signal);
  };
  try {
    await waitFor(() => answers(otlpEndpoint, queryUrl), { describe: 'Jaeger to be ready', timeoutMs: 30_000 });
  } catch (error) {
    await stop('SIGKILL');
    throw new Error(`Jaeger does not become ready; output:\n${jaeger.output()}`, { cause: error });
  }
  return { otlpEndpoint, queryUrl, ports, stop };
}

async function answers(otlpEndpoint: string, queryUrl: string): Promise<boolean> {
  const empty = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"resourceSpans":[]}' };
  const [taken, asked] = await Promise.all([
    fetch(`${otlpEndpoint}/v1/traces`, empty),
    fetch(`${queryUrl}/api/services`),
  ]);
  return taken.ok && asked.ok;
}

/** Without a batch processor: what was taken can be asked for at once. */
function configuration(ports: JaegerPorts, grpcPort: number): unknown {
  return {
    service: {
      extensions: ['jaeger_storage', 'jaeger_query'],
      pipelines: { traces: { receivers: ['otlp'], exporters: ['jaeger_storage_exporter'] } },
      telemetry: { metrics: { level: 'none' }, logs: { level: 'warn' } },
    },
    extensions: {
      jaeger_query: {
        storage: { traces: 'memory' },
        http: { endpoint: `127.0.0.1:${ports.query}` },
        grpc: { endpoint: `127.0.0.1:${grpcPort}` },
      },
      jaeger_storage: { backends: { memory: { memory: { max_traces: 10_000 } } } },
    },
    receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${ports.otlp}` } } } },
    exporters: { jaeger_storage_exporter: { trace_storage: 'memory' } },
  };
}
