// Measures the CPU time of a bare express route under OpenTelemetry's instrumentations, on any Node.js:
//   node docs/adr/0003-node-versions.mjs [path of a node executable]
// Prints for each variant the median of five interleaved rounds, in microseconds per request, and its ratio to bare express.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { createRequire } from 'node:module';
import { fileURLToPath, URL } from 'node:url';

const VARIANTS = ['bare', 'http', 'http and express', 'automatic'];
const WARM_UP = 20_000;
const REQUESTS = 8_000;
const ROUNDS = 5;
const CONNECTIONS = 8;

if (process.argv[2] === 'serve') serve(process.argv[3]);
else await measure(process.argv[2] ?? process.execPath);

async function measure(execPath) {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const servers = [];
  for (const variant of VARIANTS) {
    const env = { ...process.env, NODE_ENV: 'production' };
    const child = fork(fileURLToPath(import.meta.url), ['serve', variant], { execPath, env, execArgv: [] });
    const [{ port }] = await once(child, 'message');
    servers.push({ variant, child, port, samples: [] });
  }
  for (const { port } of servers) await load(agent, port, WARM_UP);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { child, port, samples } of servers) {
      const before = await cpuOf(child);
      await load(agent, port, REQUESTS);
      samples.push(((await cpuOf(child)) - before) / REQUESTS);
    }
  }
  const median = ({ samples }) => samples.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)];
  for (const server of servers) {
    const value = median(server);
    process.stdout.write(
      `${server.variant.padEnd(18)} ${value.toFixed(1)} us  ${(value / median(servers[0])).toFixed(2)} x\n`,
    );
    server.child.disconnect();
  }
  agent.destroy();
}

async function load(agent, port, count) {
  let next = 0;
  const send = () =>
    new Promise((resolve, reject) => {
      get({ agent, port, host: '127.0.0.1', path: `/bench/items/${next % 100}` }, (response) => {
        response.resume().on('end', resolve);
      }).on('error', reject);
    });
  const sendAll = async () => {
    while (next < count) {
      next += 1;
      await send();
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, sendAll));
}

async function cpuOf(child) {
  const answer = once(child, 'message');
  child.send('cpu');
  return (await answer)[0].cpu;
}

function serve(variant) {
  // Instrumentation hooks what is loaded by `require`, after it.
  const load = createRequire(new URL('../../ops/bench/x.js', import.meta.url));
  if (variant !== 'bare') instrument(variant, load);
  const { createServer } = load('node:http');
  const express = load('express');
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.get('/bench/items/:item_id', (req, res) => res.json({ item_id: req.params.item_id, tags: ['a', 'b'] }));
  const server = createServer(app);
  server.keepAliveTimeout = 65_000;
  server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send({ cpu: user + system });
  });
  process.on('disconnect', () => process.exit());
}

/** Samples a tenth, as the benchmark does; spans are batched and go nowhere. */
function instrument(variant, load) {
  const loadSdk = createRequire(new URL('../../packages/tracing/src/x.js', import.meta.url));
  const sdk = loadSdk('@opentelemetry/sdk-trace-node');
  const { AsyncLocalStorageContextManager } = loadSdk('@opentelemetry/context-async-hooks');
  const exporter = { export: (_spans, done) => done({ code: 0 }), shutdown: async () => undefined };
  new sdk.NodeTracerProvider({
    sampler: new sdk.ParentBasedSampler({ root: new sdk.TraceIdRatioBasedSampler(0.1) }),
    spanProcessors: [new sdk.BatchSpanProcessor(exporter)],
  }).register({ contextManager: new AsyncLocalStorageContextManager() });
  const { HttpInstrumentation } = load('@opentelemetry/instrumentation-http');
  const { ExpressInstrumentation } = load('@opentelemetry/instrumentation-express');
  const { getNodeAutoInstrumentations } = load('@opentelemetry/auto-instrumentations-node');
  const instrumentations = {
    http: () => [new HttpInstrumentation()],
    'http and express': () => [new HttpInstrumentation(), new ExpressInstrumentation()],
    automatic: () => getNodeAutoInstrumentations(),
  };
  load('@opentelemetry/instrumentation').registerInstrumentations({ instrumentations: instrumentations[variant]() });
}
