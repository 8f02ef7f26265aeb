import { freePort } from '@aion/embedded';
import { startProcess } from './start-process.ts';
import { waitFor } from './wait-for.ts';

/** Ports of a Jaeger instance. */
export interface JaegerPorts {
  readonly otlp: number;
  readonly query: number;
}

/** Running Jaeger with in-memory storage. */
export interface TestJaeger {
  /** Base URL of the OTLP/HTTP receiver, for `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly otlpEndpoint: string;
  /** Base URL of the user interface and the query API, such as `/api/traces/<id>`. */
  readonly queryUrl: string;
  /** Ports, for restarting Jaeger at the same address. */
  readonly ports: JaegerPorts;
  /** Stops Jaeger, by default with SIGTERM; resolves when the process has exited. May be called repeatedly. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** Options of {@link startJaeger}. */
export interface StartJaegerOptions {
  /** Default: free ports. */
  readonly ports?: JaegerPorts;
}

/** Starts Jaeger on 127.0.0.1 and waits until it accepts spans and queries; the caller must stop it. */
export async function startJaeger(programPath: string, options: StartJaegerOptions = {}): Promise<TestJaeger> {
  const ports = options.ports ?? { otlp: await freePort(), query: await freePort() };
  const otlpEndpoint = `http://127.0.0.1:${ports.otlp}`;
  const queryUrl = `http://127.0.0.1:${ports.query}`;
  const jaeger = await startProcess({
    program: programPath,
    // The configuration is YAML, a superset of JSON.
    args: ['--config', `yaml:${JSON.stringify(createConfiguration(ports, await freePort()))}`],
    readyTimeoutMs: 30_000,
  });
  const stop = async (signal?: NodeJS.Signals): Promise<void> => {
    await jaeger.stop(signal);
  };
  try {
    await waitFor(() => isReady(otlpEndpoint, queryUrl), { describe: 'Jaeger to be ready', timeoutMs: 30_000 });
  } catch (error) {
    await stop('SIGKILL');
    throw new Error(`Jaeger did not become ready; output:\n${jaeger.output()}`, { cause: error });
  }
  return { otlpEndpoint, queryUrl, ports, stop };
}

async function isReady(otlpEndpoint: string, queryUrl: string): Promise<boolean> {
  const empty = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"resourceSpans":[]}' };
  const [spansResponse, queryResponse] = await Promise.all([
    fetch(`${otlpEndpoint}/v1/traces`, empty),
    fetch(`${queryUrl}/api/services`),
  ]);
  return spansResponse.ok && queryResponse.ok;
}

/** Creates a configuration without a batch processor, so that received spans can be queried immediately. */
function createConfiguration(ports: JaegerPorts, grpcPort: number): unknown {
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
