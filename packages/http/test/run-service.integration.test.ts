import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseExposition } from '@aion/metrics';

const started: ChildProcess[] = [];

afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

function start(program: string, env: Readonly<Record<string, string>> = {}): ChildProcess {
  const child = spawn(process.execPath, [join(import.meta.dirname, program)], {
    env: { ...process.env, AION_SERVICE_TOKEN_SECRET: 'a secret of at least thirty-two characters', ...env },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  started.push(child);
  return child;
}

describe('service started with an IPC channel', () => {
  it('stops when its parent closed the channel before it started', async () => {
    const child = start('orphaned-service.ts');
    child.disconnect();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});

describe('feature flags of telemetry', () => {
  it('follow the environment and appear in the exposition', async () => {
    const child = start('chatty-service.ts', {
      LINES: '0',
      AION_METRICS_SUBJECTS: 'ai,queue',
      AION_METRICS_GENAI: 'true',
      AION_TRACING_SUBJECTS: 'http',
    });
    const [{ exposition }] = (await once(child, 'message')) as [{ exposition: string }];
    const { samples } = parseExposition(exposition);
    const features = samples.filter(({ name }) => name === 'aion_feature_enabled');
    const on = features.filter(({ value }) => value === 1).map(({ labels }) => labels['feature']);
    expect(on.toSorted()).toEqual([
      'metrics',
      'metrics_ai',
      'metrics_genai',
      'metrics_queue',
      'tracing',
      'tracing_http',
    ]);
    expect(exposition).not.toMatch(/^http_/m);
  });

  it('are rejected with a list of the known names when a name is unknown', async () => {
    const child = start('chatty-service.ts', { AION_METRICS_SUBJECTS: 'http,memory' });
    let output = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (output += text));
    expect(await once(child, 'close')).toEqual([78, null]);
    expect(output).toContain('AION_METRICS_SUBJECTS is "http,memory": "memory" is unknown');
    expect(output).toContain('http, db, ai, queue, or none');
  });
});
