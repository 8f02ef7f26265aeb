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

describe('a service whose parent gave it a channel', () => {
  it('stops when the parent had gone before it was up', async () => {
    const child = start('orphaned-service.ts');
    child.disconnect();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});

describe('the switches of telemetry', () => {
  it('are those of the environment, and are shown', async () => {
    const child = start('chatty-service.ts', {
      LINES: '0',
      AION_METRICS_SUBJECTS: 'ai,queue',
      AION_METRICS_GENAI: 'true',
      AION_TRACING_SUBJECTS: 'http',
    });
    const [{ exposition }] = (await once(child, 'message')) as [{ exposition: string }]; // What chatty-service sends.
    const { samples } = parseExposition(exposition);
    const features = samples.filter(({ name }) => name === 'aion_feature_enabled');
    const on = features.filter(({ value }) => value === 1).map(({ labels }) => labels['feature']);
    expect(on.toSorted()).toEqual([
      ...['metrics', 'metrics_ai', 'metrics_genai', 'metrics_queue'],
      ...['tracing', 'tracing_http'],
    ]);
    expect(exposition).not.toMatch(/^http_/m);
  });

  it('are refused when they name what is not known, with what is', async () => {
    const child = start('chatty-service.ts', { AION_METRICS_SUBJECTS: 'http,memory' });
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
    expect(await once(child, 'close')).toEqual([78, null]);
    expect(said).toContain('AION_METRICS_SUBJECTS is "http,memory": "memory" is not known');
    expect(said).toContain('http, db, ai, queue, or none');
  });
});
